"""A cache bounded in bytes; what was not used for longest leaves first. Refuses what alone is heavier than all it may hold."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Bounded(Generic[T]):
    """Weights are estimates in bytes, given with each value. `hits` and `misses` count look-ups."""

    def __init__(self, most: int) -> None:
        """At most `most` bytes."""
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self.weight = self.hits = self.misses = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Hashable) -> T | None:
        """The value, if it is kept."""
        found = self._kept.get(key)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end(key)
        return found[0]

    def keep(self, key: Hashable, value: T, weight: int) -> T:
        """Keeps the value as long as there is room, and returns it."""
        if weight > self._most:
            return value
        known = self._kept.pop(key, None)
        self.weight += weight - (known[1] if known is not None else 0)
        self._kept[key] = value, weight
        while self.weight > self._most:
            _, (_, freed) = self._kept.popitem(last=False)
            self.weight -= freed
        return value
