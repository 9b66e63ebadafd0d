"""The bit mask on a person's row: which categories are restricted, and whether the person is erased. Pure; refuses an unknown bit."""

from collections.abc import Iterable

from permissions.categories import Category

_BITS = {category: 1 << at for at, category in enumerate(Category)}
ERASED = 1 << 24
_KNOWN = ERASED | sum(_BITS.values())


def restriction_bits(categories: Iterable[Category]) -> int:
    """The bits of these categories."""
    return sum(_BITS[category] for category in set(categories))


def restricted_categories(flags: int) -> frozenset[Category]:
    """The categories restricted under GDPR Article 18. Raises ValueError for an unknown bit."""
    if flags & ~_KNOWN:
        raise ValueError("unknown flag on a person")
    return frozenset(category for category, bit in _BITS.items() if flags & bit)


def is_erased(flags: int) -> bool:
    """True after GDPR Article 17."""
    return bool(flags & ERASED)
