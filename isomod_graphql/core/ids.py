"""Row ids (UUIDv7) and the opaque global ids that clients see. Refuses to let a raw uuid, which tells its millisecond, out."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from struct import Struct
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from isomod_graphql.core.errors import NotFound

PLATFORM_TENANT = UUID("00000000-0000-7000-8000-000000000001")
"""The reserved tenant that holds accounts, sign-in sessions and platform notices."""

NOTHING = UUID(int=0)
"""No row has this id (the nil UUID, RFC 9562 section 5.9)."""

GLOBAL_ID_BYTES = 33
GLOBAL_ID_CHARS = 44

RANDOM_BITS: Final = 74
STEP_BITS: Final = 32

LATELY: Final = 32_768
"""Ids that are remembered, about 250 bytes each."""


@dataclass
class _Sequence:
    """Numbers of 122 bits, milliseconds first, of which the later is the greater."""

    last: int = 0

    def after(self, millis: int) -> int:
        if self.last >> RANDOM_BITS == millis:
            self.last += 1 + secrets.randbits(STEP_BITS)
        else:
            self.last = millis << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
        return self.last


_SEQUENCE: Final = _Sequence()


def new_id(now: datetime) -> UUID:
    """A UUIDv7 (RFC 9562 section 5.7) for the given instant: 48 bits of milliseconds, 74 random bits.

    Within one millisecond each is greater than the one before by a random step (section 6.2, method 2), so that what one
    process makes is listed in the order in which it was made.
    """
    value = _SEQUENCE.after(int(now.timestamp() * 1000))
    high, low = value >> 62, value & (1 << 62) - 1
    return UUID(int=(high >> 12 << 16 | 0x7 << 12 | high & 0xFFF) << 64 | 0x2 << 62 | low)


@lru_cache(256)
def _cutter(width: int, number: int) -> Callable[[bytes], tuple[bytes, ...]]:
    """Cuts bytes into so many parts of equal width."""
    return Struct(f"{width}s" * number).unpack


class Lately(dict[bytes, str]):
    """Global ids of one cipher and kind of row, by the raw id. They follow from it, so that none is ever wrong."""


class _Room:
    """How many ids all ciphers together remember; when there is no room for more, all are forgotten."""

    def __init__(self, most: int) -> None:
        self._most, self._count = most, 0
        self._parts: WeakValueDictionary[int, Lately] = WeakValueDictionary()

    def part(self) -> Lately:
        """An empty one, as long as somebody holds it."""
        part = Lately()
        self._parts[id(part)] = part
        return part

    def room(self, more: int) -> bool:
        """Counts so many more; False when there are too many at once."""
        if 2 * more > self._most:
            return False
        if self._count + more > self._most:
            for part in list(self._parts.values()):
                part.clear()
            self._count = 0
        self._count += more
        return True


_LATELY: Final = _Room(LATELY)


@dataclass(frozen=True, slots=True)
class GlobalId:
    """What an opaque id says once it is opened."""

    type_code: int
    tenant_id: UUID
    row_id: UUID


class IdCipher:
    """Turns row ids of one tenant into global ids and back: base64url(type byte, tenant, AES-256 of the uuid as one block).

    One block under a key of its own is a permutation of uuids; it hides the time and the order of rows and is
    deterministic, as Relay requires. It authenticates nothing: every id is looked up inside the tenant anyway.
    """

    def __init__(self, tenant_id: UUID, key: bytes) -> None:
        """`key` is the tenant's 32-byte id key."""
        self._tenant = tenant_id
        cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  one block, no chaining: a permutation is wanted
        self._encrypt = cipher.encryptor().update
        self._decrypt = cipher.decryptor().update
        self._lately: dict[int, Lately] = {}

    def seal(self, type_code: int, row_id: UUID) -> str:
        """The global id of a row."""
        raw = bytes((type_code,)) + self._tenant.bytes + self._encrypt(row_id.bytes)
        return urlsafe_b64encode(raw).decode("ascii")

    def seal_all(self, type_code: int, row_ids: Sequence[bytes | None]) -> list[str | None]:
        """The global ids of many rows, by their 16 bytes; None stays None.

        The people and things that most rows speak of were sealed lately; the others are sealed together.
        """
        lately = self._lately.get(type_code)
        if lately is None:
            lately = self._lately[type_code] = _LATELY.part()
        found: list[str | None] = list(map(lately.get, row_ids))  # type: ignore[arg-type]  # None is nobody's id
        if None not in found:
            return found
        missing = [
            one for one, known in zip(row_ids, found, strict=True) if known is None and one is not None
        ]
        made = self._seal_together(type_code, missing) if missing else []
        if _LATELY.room(len(made)):
            lately.update(zip(missing, made, strict=True))
        rest = iter(made)
        return [
            next(rest) if known is None and one is not None else known
            for one, known in zip(row_ids, found, strict=True)
        ]

    def _seal_together(self, type_code: int, row_ids: Sequence[bytes]) -> list[str]:
        """At a fraction of the cost of one after the other."""
        size = len(row_ids)
        prefix = bytes((type_code,)) + self._tenant.bytes
        # 15 of the 17 bytes before the block are the same 20 characters of every id, so the rest of all is encoded at once.
        head, rest = urlsafe_b64encode(prefix[:15]), prefix[15:]
        blocks = _cutter(16, size)(self._encrypt(b"".join(row_ids)))
        tails = _cutter(24, size)(urlsafe_b64encode(rest.join((b"", *blocks))))
        text = head.join((b"", *tails)).decode("ascii")
        return [text[at : at + 44] for at in range(0, 44 * size, 44)]

    def open(self, text: str) -> GlobalId:
        """What the id says. Raises NotFound when it is malformed or belongs to another tenant."""
        type_code, row_id = self.open_raw(text)
        return GlobalId(type_code, self._tenant, UUID(bytes=row_id))

    def open_raw(self, text: str) -> tuple[int, bytes]:
        """The type byte and the 16 bytes of the row's id. Raises as `open`."""
        raw = _raw_of(text)
        if raw[1:17] != self._tenant.bytes:
            raise NotFound
        return raw[0], self._decrypt(raw[17:])


def parse_global_id(text: str) -> tuple[int, UUID, bytes]:
    """Type byte, tenant and sealed block of a global id. Raises NotFound when it is malformed."""
    raw = _raw_of(text)
    return raw[0], UUID(bytes=raw[1:17]), raw[17:]


def _raw_of(text: str) -> bytes:
    if len(text) != GLOBAL_ID_CHARS or not text.isascii():
        raise NotFound
    try:
        raw = urlsafe_b64decode(text)
    except ValueError:
        raise NotFound from None
    if len(raw) != GLOBAL_ID_BYTES or urlsafe_b64encode(raw).decode("ascii") != text:
        raise NotFound
    return raw
