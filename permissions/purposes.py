"""Why data is read, and which personal categories each purpose may touch; a purpose never adds what a role lacks."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from permissions.categories import PERSONAL, Category


class Purpose(StrEnum):
    """The purposes of section 2 of the privacy policy; a session's is SERVICE, a client's is fixed at registration."""

    SERVICE = "SERVICE"
    NOTIFY = "NOTIFY"
    COMPLIANCE = "COMPLIANCE"
    ANALYTICS = "ANALYTICS"
    SECURITY = "SECURITY"
    LEGAL = "LEGAL"


PURPOSES: Final[Mapping[Purpose, frozenset[Category]]] = MappingProxyType(
    {
        Purpose.SERVICE: PERSONAL,
        Purpose.NOTIFY: frozenset({Category.IDENTITY, Category.CONTACT}),
        Purpose.COMPLIANCE: frozenset({Category.IDENTITY, Category.TIME, Category.NOTES, Category.AUDIT}),
        Purpose.ANALYTICS: frozenset(),
        Purpose.SECURITY: frozenset({Category.IDENTITY, Category.CONTACT, Category.DEVICE, Category.AUDIT}),
        Purpose.LEGAL: PERSONAL,
    }
)
"""Personal categories only: data that is about no person follows its row and has no purpose limit (GDPR Art. 5(1)(b))."""
