"""What a masked value looks like; a mask shows the same shape for every input and never tells a missing value from a hidden one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_address
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

MASK_SIGN: Final = "•"
"""Present in every masked text, refused in every input: a mask never lives in the domain of raw values."""

_DIGITS: Final = frozenset("0123456789")
_FEWEST_DIGITS: Final = 6
"""Of a shorter number, two digits would be too large a part."""

Output: TypeAlias = Literal["string", "null"]
"""What the raw field holds under the mask: a masked text, or null, with what `apply` gives in a typed field beside it."""


@dataclass(frozen=True, slots=True)
class Mask:
    """One way to show less, with what it keeps and what it takes away."""

    name: str
    apply: Callable[[Any], str | int | tuple[float, float] | None]
    preserves: str
    hides: str
    output: Output


def null(_value: object) -> None:
    """Nothing."""
    return


def initials(name: str | None) -> str:
    """Seven characters: first letter of the first and of the last word, `J•• P••`."""
    letters = [_first_letter(word) for word in (name or "").split()]
    first = letters[0] if letters else MASK_SIGN
    last = letters[-1] if len(letters) > 1 else MASK_SIGN
    return f"{first}•• {last}••"


def partial_email(address: str | None) -> str:
    """Eight characters: the first letter or digit of the local part, `j•••@•••`."""
    return f"{_first_letter((address or '').lstrip()[:1]).lower()[:1]}•••@•••"


def partial_phone(number: str | None) -> str:
    """Ten characters: the last two digits of a number that has at least six, `•••• •• 12`."""
    digits = [sign for sign in number or "" if sign in _DIGITS]
    return "•••• •• " + ("".join(digits[-2:]) if len(digits) >= _FEWEST_DIGITS else "••")


def year(value: date | None) -> int | None:
    """The year of a date or a moment."""
    return None if value is None else value.year


def coarse_area(position: tuple[float, float] | None) -> tuple[float, float] | None:
    """Latitude and longitude in degrees on a grid of two decimals, about one kilometre."""
    if position is None or not all(isfinite(degrees) for degrees in position):
        return None
    latitude, longitude = position
    return (round(latitude, 2) + 0.0, round(longitude, 2) + 0.0)


def ip_prefix(address: str | None) -> str:
    """Eleven characters: the first 16 bits of an IPv4 address (`192.000.•.•`), the first 32 of an IPv6 one (`2001:0db8:•`)."""
    try:
        parsed = ip_address((address or "").strip())
    except ValueError:
        return "•••.•••.•.•"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is None:
            digits = parsed.packed.hex()
            return f"{digits[:4]}:{digits[4:8]}:•"
        parsed = parsed.ipv4_mapped
    return _ipv4_prefix(parsed)


def pseudonym(number: int | None) -> str:
    """The person's number in the tenant, drawn independently of every value: `Person #7•`."""
    return f"Person #{'' if number is None else number}{MASK_SIGN}"


def is_masked_text(text: str) -> bool:
    """True for a text that came out of a mask: inputs refuse it, so that no mask is saved over a value."""
    return MASK_SIGN in text


def _first_letter(word: str) -> str:
    """The first letter or digit, upper case where that is one character; the mask sign where there is none."""
    letter = next((sign for sign in word if sign.isalnum()), MASK_SIGN)
    upper = letter.upper()
    return upper if len(upper) == 1 else letter


def _ipv4_prefix(address: IPv4Address) -> str:
    first, second = address.packed[:2]
    return f"{first:03d}.{second:03d}.•.•"


NULL: Final = Mask("NULL", null, "nothing", "the value and whether there is one", "null")
INITIALS: Final = Mask(
    "INITIALS",
    initials,
    "the first letter of the first and last word",
    "the rest, and every length",
    "string",
)
PARTIAL_EMAIL: Final = Mask(
    "PARTIAL_EMAIL",
    partial_email,
    "the first character of the local part",
    "the rest, the domain, every length",
    "string",
)
PARTIAL_PHONE: Final = Mask(
    "PARTIAL_PHONE", partial_phone, "the last two digits", "country, area, the rest, every length", "string"
)
YEAR: Final = Mask("YEAR", year, "the year", "month, day, time", "null")
COARSE_AREA: Final = Mask(
    "COARSE_AREA", coarse_area, "the square kilometre or so", "the place within it", "null"
)
IP_PREFIX: Final = Mask(
    "IP_PREFIX", ip_prefix, "the network: 16 bits of IPv4, 32 of IPv6", "the host", "string"
)
PSEUDONYM: Final = Mask(
    "PSEUDONYM",
    pseudonym,
    "that two values are of one person",
    "who it is; takes the person's number, not the value",
    "string",
)

MASKS: Final[Mapping[str, Mask]] = MappingProxyType(
    {
        mask.name: mask
        for mask in (NULL, INITIALS, PARTIAL_EMAIL, PARTIAL_PHONE, YEAR, COARSE_AREA, IP_PREFIX, PSEUDONYM)
    }
)
