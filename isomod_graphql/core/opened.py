"""Opened data keys in memory, each with the values that it opened. Keeps no value longer than its key, and no key that was destroyed."""

import time
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from isomod_graphql.core.crypto import open_at

PER_PACK, PER_BYTE = 768, 4
"""What opened values weigh at most, in bytes, apart from and per byte of their pack."""


Values = Mapping[str, Any]
"""By field number. They are shared: nobody changes them."""
Known = Mapping[bytes, tuple[bytes, Values]]
"""By a row's raw id: its pack as it was opened, and what was in it. Another pack of the row is not known by that."""

_pack, _values = itemgetter(0), itemgetter(1)


def recalled(known: Known, ids: Sequence[bytes | None], packs: Sequence[bytes | None]) -> list[Values | None]:
    """What is known of the pack of each row; None where this very pack was not opened, or there is no row."""
    found: list[Any] = list(map(known.get, ids))  # type: ignore[arg-type]  # nothing is known of None
    if None not in found and list(map(_pack, found)) == list(packs):
        return list(map(_values, found))
    return [
        one[1] if one is not None and one[0] == pack else None for one, pack in zip(found, packs, strict=True)
    ]


class OpenedKey:
    """A data key that can be used, and what it has opened. After `forget` it opens nothing from memory and keeps nothing."""

    __slots__ = ("_memory", "cipher", "expires", "id", "opened", "weight")

    def __init__(self, key_id: bytes, cipher: AESGCM, expires: float, memory: "Memory") -> None:
        """`expires` in seconds of the monotonic clock. `opened` are the places and names of what it opened."""
        self.id, self.cipher, self.expires, self.weight = key_id, cipher, expires, 0
        self._memory: Memory | None = memory
        self.opened: list[tuple[dict[bytes, tuple[bytes, Values]], bytes, bytes]] = []

    def open(self, place: bytes, row_id: bytes, pack: bytes) -> Values:
        """The values of a pack by field number, from memory when this very pack was opened here before. Raises SealBroken.

        `place` is `place_of(tenant, table, column)`.
        """
        memory = self._memory
        if memory is None:
            return open_at(self.cipher, place, row_id, pack)
        there = memory.at(place)
        known = there.get(row_id)
        if known is not None and known[0] == pack:
            return known[1]
        values = open_at(self.cipher, place, row_id, pack)
        if memory.room(self, PER_PACK + PER_BYTE * len(pack)):
            there[row_id] = pack, values
            self.opened.append((there, row_id, pack))
        return values

    def forget(self) -> None:
        """Lets go of every opened value, also for a request that still holds this key."""
        if self._memory is not None:
            self._memory.leave(self)
        self._memory = None
        self.let_go()

    def let_go(self) -> None:
        """Lets go of the opened values, to make room; the key stays."""
        for there, row_id, pack in self.opened:
            known = there.get(row_id)
            if known is not None and known[0] is pack:
                del there[row_id]
        self.opened.clear()


class Memory:
    """How many bytes of opened values there are in all; the key that opened its first value longest ago gives way."""

    def __init__(self, size: int) -> None:
        """`size` in bytes; 0 keeps nothing."""
        self._size = size
        self._weight = 0
        self._keys: OrderedDict[OpenedKey, None] = OrderedDict()
        self._places: dict[bytes, dict[bytes, tuple[bytes, Values]]] = {}

    def at(self, place: bytes) -> dict[bytes, tuple[bytes, Values]]:
        """What was opened of one tenant's column; every value is there only as long as its key."""
        there = self._places.get(place)
        if there is None:
            there = self._places[place] = {}
        return there

    def room(self, key: OpenedKey, weight: int) -> bool:
        """Counts a value of this weight to the key, when it fits at all."""
        if weight > self._size:
            return False
        while self._weight + weight > self._size:
            oldest = next(iter(self._keys))
            self.leave(oldest)
            oldest.let_go()
        self._keys[key] = None
        key.weight += weight
        self._weight += weight
        return True

    def leave(self, key: OpenedKey) -> None:
        """Counts nothing to the key any more."""
        if self._keys.pop(key, key) is None:
            self._weight -= key.weight
            key.weight = 0


class KeyCache:
    """Opened data keys, bounded in number and age. A destroyed key is overwritten by a mark that no late answer replaces.

    Keys are put in the order in which they expire, so the first is always the oldest.
    """

    def __init__(self, size: int, seconds: float, opened_bytes: int = 0) -> None:
        """At most `size` keys, none older than `seconds`, with at most `opened_bytes` of opened values in all."""
        self._size, self._seconds = size, seconds
        self._memory = Memory(opened_bytes)
        self._keys: OrderedDict[bytes, OpenedKey] = OrderedDict()
        self._destroyed: OrderedDict[bytes, None] = OrderedDict()

    def every(self, key_ids: Collection[bytes]) -> dict[bytes, OpenedKey] | None:
        """All of these keys but for the destroyed ones; None when one of them is not known, or too old."""
        keys = self._keys
        self._expire()
        try:
            return {key_id: keys[key_id] for key_id in key_ids}
        except KeyError:
            found, missing = self.known(key_ids)
            return None if missing else found

    def opened(self, place: bytes) -> Known:
        """What keys that are not too old have opened of one tenant's column."""
        self._expire()
        return self._memory.at(place)

    def known(self, key_ids: Collection[bytes]) -> tuple[dict[bytes, OpenedKey], list[bytes]]:
        """The keys that are here, and the ids of those that have to be fetched; destroyed ones are in neither."""
        self._expire()
        found: dict[bytes, OpenedKey] = {}
        missing: list[bytes] = []
        for key_id in key_ids:
            key = self._keys.get(key_id)
            if key is not None:
                found[key_id] = key
            elif key_id not in self._destroyed:
                missing.append(key_id)
        return found, missing

    def put(self, key_id: bytes, cipher: AESGCM) -> OpenedKey | None:
        """Keeps a key, unless it was marked destroyed in the meantime: then None."""
        if key_id in self._destroyed:
            return None
        self._drop(key_id)
        key = OpenedKey(key_id, cipher, time.monotonic() + self._seconds, self._memory)
        self._keys[key_id] = key
        if len(self._keys) > self._size:
            self._drop(next(iter(self._keys)))
        return key

    def mark_destroyed(self, key_id: bytes) -> None:
        """Forgets the key and all that it opened, for good; the mark outlives every answer that may still be under way."""
        self._drop(key_id)
        self._destroyed[key_id] = None
        if len(self._destroyed) > self._size:
            self._destroyed.popitem(last=False)

    def _expire(self) -> None:
        now = time.monotonic()
        while self._keys:
            key_id, oldest = next(iter(self._keys.items()))
            if oldest.expires >= now:
                return
            self._drop(key_id)

    def _drop(self, key_id: bytes) -> None:
        key = self._keys.pop(key_id, None)
        if key is not None:
            key.forget()
