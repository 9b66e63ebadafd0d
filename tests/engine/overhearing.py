"""A store whose compiled reads can be counted and compared: what the driver is given, statement by statement. It changes nothing of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from isomod_graphql.core.readers import Readers
from isomod_graphql.core.reading import Reading
from isomod_graphql.core.store import Store
from isomod_graphql.core.tenancy import Database


class _Overheard(Reading):
    __slots__ = ("_texts",)

    def __init__(self, readers: Readers, tenant_id: UUID, texts: list[str]) -> None:
        super().__init__(readers, tenant_id)
        self._texts = texts

    async def fetch(self, sql: str, args: Sequence[Any] = (), *, last: bool = False) -> list[Any]:
        self._texts.append(sql)
        return await super().fetch(sql, args, last=last)


class _Main(Database):
    def __init__(self, main: Database) -> None:
        self.__dict__.update(main.__dict__)
        self.texts: list[str] = []

    def reading(self, tenant_id: UUID) -> Reading:
        return _Overheard(self.readers, tenant_id, self.texts)

    def reading_long(self, tenant_id: UUID) -> Reading:
        return _Overheard(self.long_readers, tenant_id, self.texts)


def overheard(store: Store) -> tuple[Store, list[str]]:
    """The same store, and the text of every statement that a compiled read sends through it from now on."""
    main = _Main(store.main)
    return Store(main, store.keystore, store.clock), main.texts
