"""What a masked value looks like; a mask shows the same shape for every input and never tells a missing value from a hidden one."""

import hmac
from base64 import b32encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

MASK_SIGN: Final = "•"
"""Present in every masked text, refused in every input: a mask never lives in the domain of raw values."""

_DIGITS: Final = frozenset("0123456789")
_ANTIMERIDIAN: Final = 180.0
_FEWEST_DIGITS: Final = 6
"""Of a shorter number, two digits would be too large a part."""

SMALLEST_GROUP: Final = 5
"""Inside an organisation; of fewer people a count would tell of one."""

PSEUDONYM_BYTES: Final = 10
PSEUDONYM_SIGNS: Final = PSEUDONYM_BYTES * 8 // 5

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
    words = (name or "").split()
    first = _first_letter(words[0]) if words else MASK_SIGN
    last = _first_letter(words[-1]) if len(words) > 1 else MASK_SIGN
    return f"{first}•• {last}••"


def partial_email(address: str | None) -> str:
    """Eight characters: the first letter or digit of the local part, `j•••@•••`."""
    return f"{_first_letter((address or '').lstrip()[:1]).lower()[:1]}•••@•••"


def partial_phone(number: str | None) -> str:
    """Ten characters: the last two digits of a number that has at least six, `•••• •• 12`."""
    digits = [sign for sign in number or "" if sign in _DIGITS]
    return "•••• •• " + ("".join(digits[-2:]) if len(digits) >= _FEWEST_DIGITS else "••")


def year(value: date | None) -> int | None:
    """The year of a date, or of a moment in UTC."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    return None if value is None else value.year


def coarse_area(position: tuple[float, float] | None) -> tuple[float, float] | None:
    """Latitude and longitude in degrees on a fixed grid of two decimals, about one kilometre; 180 degrees west is 180 east."""
    if position is None or not all(isfinite(degrees) for degrees in position):
        return None
    latitude, longitude = (round(degrees, 2) + 0.0 for degrees in position)
    return (latitude, -longitude if longitude == _ANTIMERIDIAN else longitude)


def area_text(position: tuple[float, float] | None) -> str | None:
    """The area as text of one length, after ISO 6709: `+50.85+004.35/`."""
    area = coarse_area(position)
    return None if area is None else f"{area[0]:+06.2f}{area[1]:+07.2f}/"


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


def pseudonym_key(tenant_key: bytes, purpose: str) -> bytes:
    """The key of one purpose in one organisation: without it nobody can tell whether two pseudonyms are of one person."""
    return hmac.digest(tenant_key, f"pseudonym\0{purpose}".encode(), "sha256")


def pseudonym_of(key: bytes, person: bytes) -> str:
    """Sixteen signs: 80 bits of HMAC-SHA-256 (RFC 2104) over the person's id, in base32."""
    return b32encode(hmac.digest(key, person, "sha256")[:PSEUDONYM_BYTES]).decode("ascii")


def pseudonym(code: str | None) -> str:
    """Twenty-four characters: the pseudonym of the person in the place of a value, `Person 7QK2M4XWPA3DLE5T•`."""
    return f"Person {code or MASK_SIGN * PSEUDONYM_SIGNS}{MASK_SIGN}"


def suppressed_count(count: int | None) -> int | None:
    """The count of a group of at least five, null for every smaller one, an empty one included."""
    return count if count is not None and count >= SMALLEST_GROUP else None


def is_masked_text(text: str) -> bool:
    """True for a text that came out of a mask: inputs refuse it, so that no mask is saved over a value."""
    return MASK_SIGN in text


def _first_letter(word: str) -> str:
    """The first letter or digit, upper case where that is one character; the mask sign where there is none."""
    letter = word[:1]
    if not letter.isalnum():
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
    "COARSE_AREA", coarse_area, "the square kilometre or so of a fixed grid", "the place within it", "null"
)
IP_PREFIX: Final = Mask(
    "IP_PREFIX", ip_prefix, "the network: 16 bits of IPv4, 32 of IPv6", "the host", "string"
)
PSEUDONYM: Final = Mask(
    "PSEUDONYM",
    pseudonym,
    "that two values are of one person, within one organisation and one purpose",
    "who it is, and every tie to other organisations and purposes; takes the person's id, not the value",
    "string",
)
SUPPRESSED_COUNT: Final = Mask(
    "SUPPRESSED_COUNT",
    suppressed_count,
    "the count of a group of five or more",
    "whether a smaller group is empty, and how small it is",
    "null",
)

MASKS: Final[Mapping[str, Mask]] = MappingProxyType(
    {
        mask.name: mask
        for mask in (
            *(NULL, INITIALS, PARTIAL_EMAIL, PARTIAL_PHONE, YEAR, COARSE_AREA, IP_PREFIX),
            *(PSEUDONYM, SUPPRESSED_COUNT),
        )
    }
)
