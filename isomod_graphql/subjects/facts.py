"""The facts about a person that every room obeys: restriction, erasure, and the name that remains when the name is gone."""

from isomod_graphql.core.flags import (
    ERASED,
    EVERY_CONSENT,
    consent_bit,
    consented_purposes,
    is_erased,
    restricted_categories,
    restriction_bits,
)
from permissions.categories import PERSONAL

__all__ = [
    "ERASED",
    "EVERY_CONSENT",
    "RESTRICTABLE",
    "consent_bit",
    "consented_purposes",
    "is_erased",
    "pseudonym",
    "restricted_categories",
    "restriction_bits",
]

RESTRICTABLE = frozenset(PERSONAL)


def pseudonym(kind: str, number: int) -> str:
    """The stable name of a person without a name: "Technician #7"."""
    return f"{kind.capitalize()} #{number}"
