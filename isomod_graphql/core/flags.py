"""The bit mask on a person's row: which categories are restricted, which purposes have consent, whether the person is erased. Pure; refuses an unknown bit."""

from collections.abc import Iterable

from permissions.categories import Category
from permissions.purposes import Purpose

_BITS = {category: 1 << at for at, category in enumerate(Category)}
_CONSENTS = {purpose: 1 << 16 + at for at, purpose in enumerate(Purpose)}
ERASED = 1 << 24
EVERY_CONSENT = sum(_CONSENTS.values())
_KNOWN = ERASED | EVERY_CONSENT | sum(_BITS.values())


def restriction_bits(categories: Iterable[Category]) -> int:
    """The bits of these categories."""
    return sum(_BITS[category] for category in set(categories))


def restricted_categories(flags: int) -> frozenset[Category]:
    """The categories restricted under GDPR Article 18. Raises ValueError for an unknown bit."""
    if flags & ~_KNOWN:
        raise ValueError("unknown flag on a person")
    return frozenset(category for category, bit in _BITS.items() if flags & bit)


def consent_bit(purpose: Purpose) -> int:
    """The bit that stands while the person agrees to the purpose."""
    return _CONSENTS[purpose]


def consented_purposes(flags: int) -> frozenset[Purpose]:
    """The purposes to which the person agrees."""
    return frozenset(purpose for purpose, bit in _CONSENTS.items() if flags & bit)


def is_erased(flags: int) -> bool:
    """True after GDPR Article 17."""
    return bool(flags & ERASED)
