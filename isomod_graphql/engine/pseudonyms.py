"""Pseudonyms of people for one organisation and one purpose. Refuses to be told apart by anything but them: no value goes in, and none comes back."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from uuid import UUID

from permissions.masks import pseudonym_key, pseudonym_of
from permissions.purposes import Purpose

MOST_KEYS: Final = 1_024

_key = lru_cache(MOST_KEYS)(pseudonym_key)


class Pseudonyms:
    """What programs of one purpose know the people of one organisation by."""

    __slots__ = ("_key",)

    def __init__(self, tenant_key: bytes, purpose: Purpose) -> None:
        """`tenant_key` is the organisation's key for pseudonyms."""
        self._key = _key(tenant_key, purpose.value)

    def of(self, person: UUID | bytes | None) -> str | None:
        """None for nobody."""
        if person is None:
            return None
        return pseudonym_of(self._key, person.bytes if isinstance(person, UUID) else person)

    def of_all(self, people: Sequence[bytes | None]) -> list[str | None]:
        """In their order; whoever stands there twice is worked out once."""
        known = {person: self.of(person) for person in set(people)}
        return [known[person] for person in people]
