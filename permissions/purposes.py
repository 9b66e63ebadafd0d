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

CONSENT: Final[Mapping[Purpose, frozenset[Category]]] = MappingProxyType(
    {
        Purpose.SERVICE: frozenset({Category.POSITION}),
        Purpose.NOTIFY: frozenset({Category.CONTACT}),
        Purpose.ANALYTICS: frozenset({Category.DEVICE}),
    }
)
"""What rests on the person's consent to a purpose (GDPR Art. 6(1)(a)); without it nobody else is shown it for that purpose.

The rest rests on the contract or the law, and cannot be consented to or withdrawn.
"""


def needs_consent(purpose: Purpose, category: Category) -> bool:
    """True where the category is shown for this purpose to others only while the person agrees."""
    return category in CONSENT.get(purpose, frozenset())
