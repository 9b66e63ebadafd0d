"""The main database and the key database as one door: transactions that seal, open and tell events. Refuses to store a personal value in the clear."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from isomod_graphql.core.clock import Clock
from isomod_graphql.core.columns import Base, Pack
from isomod_graphql.core.crypto import Place, key_id_of, place_of, seal_pack
from isomod_graphql.core.errors import KeyDestroyed, NotFound
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.keystore import KeyScope, Keystore, TenantKeys
from isomod_graphql.core.tenancy import Database, TenantConnection
from permissions.categories import Keep


class Transaction(TenantConnection):
    """One transaction of one tenant, with its keys, its time and its events. Services take it and never commit."""

    def __init__(
        self, connection: TenantConnection, keystore: Keystore, keys: TenantKeys, clock: Clock
    ) -> None:
        """Made by Store.transaction only."""
        raw: AsyncConnection = connection._connection  # noqa: SLF001  same connection, richer face
        super().__init__(raw, connection.tenant_id, write=connection.write)
        self.keystore = keystore
        self.keys = keys
        self.clock = clock
        self.now: datetime = clock.now()
        self._stack = AsyncExitStack()
        self._scope: KeyScope | None = None

    def new_id(self) -> UUID:
        """A new row id for this instant."""
        return new_id(self.clock.now())

    async def seal(
        self, model: type[Base], row_id: UUID, values: Mapping[str, Any], subjects: Mapping[str, UUID]
    ) -> dict[str, bytes]:
        """The pack columns for these sealed values. `subjects` maps each subject column to the person's id.

        Raises KeyDestroyed when the subject was erased, KeystoreUnavailable when the key database does not answer.
        """
        columns: dict[str, bytes] = {}
        for column, pack in model.packs.items():
            inside = {
                number: values[name] for name, number in pack.numbers.items() if values.get(name) is not None
            }
            if inside:
                columns[column] = await self._seal(model, pack, row_id, subjects[pack.subject], inside)
        return columns

    async def hold_keys(self, subject_ids: Collection[UUID], keep: Keep) -> None:
        """Makes and locks the keys of many people at once, so that sealing each of them asks nothing any more."""
        await (await self._key_scope()).hold(subject_ids, keep)

    async def _key_scope(self) -> KeyScope:
        if self._scope is None:
            self._scope = await self._stack.enter_async_context(self.keystore.writing(self.tenant_id))
        return self._scope

    async def _seal(
        self, model: type[Base], pack: Pack, row_id: UUID, subject_id: UUID, inside: Mapping[int, Any]
    ) -> bytes:
        key = await (await self._key_scope()).key(subject_id, Keep(pack.keep))
        return seal_pack(
            key.cipher, key.id, Place(self.tenant_id, model.__tablename__, row_id, pack.column), inside
        )

    async def open_rows(
        self, model: type[Base], rows: Iterable[RowMapping | Mapping[str, Any]], names: Sequence[str]
    ) -> list[dict[str, Any]]:
        """The sealed values of each row by name; None where absent or destroyed. One key query for all rows.

        Each row is a mapping with `id` and the pack columns of `names` (see `pack_columns`).
        """
        packs = {
            column: pack for column, pack in model.packs.items() if not set(names).isdisjoint(pack.numbers)
        }
        rows = list(rows)
        places = {column: place_of(self.tenant_id, model.__tablename__, column) for column in packs}
        wanted = {key_id_of(row[column]) for row in rows for column in packs if row[column] is not None}
        keys = await self.keystore.opened_keys(self.tenant_id, wanted) if wanted else {}
        opened = []
        for row in rows:
            values: dict[str, Any] = dict.fromkeys(names)
            for column, pack in packs.items():
                sealed = row[column]
                key = keys.get(key_id_of(sealed)) if sealed is not None else None
                if key is None:
                    continue
                inside = key.open(places[column], row["id"].bytes, sealed)
                values.update(
                    (name, inside.get(str(number))) for name, number in pack.numbers.items() if name in values
                )
            opened.append(values)
        return opened

    async def open_row(self, model: type[Base], row_id: UUID) -> dict[str, Any]:
        """Every sealed value of one row. Raises NotFound."""
        table = model.__table__
        columns = [table.c.id, *(table.c[name] for name in model.packs)]
        row = await self.first(
            select(*columns).where(table.c.tenant_id == self.tenant_id, table.c.id == row_id)
        )
        if row is None:
            raise NotFound
        names = [name for pack in model.packs.values() for name in pack.numbers]
        return (await self.open_rows(model, [row._mapping], names))[0]  # noqa: SLF001  SQLAlchemy's public name

    async def reseal(self, model: type[Base], row_id: UUID, changes: Mapping[str, Any]) -> None:
        """Changes sealed values of one row in place, under its row lock; None removes a value.

        Raises NotFound, KeyDestroyed for an erased subject.
        """
        packs = {
            column: pack for column, pack in model.packs.items() if not set(changes).isdisjoint(pack.numbers)
        }
        table = model.__table__
        columns = {
            table.c.id,
            *(table.c[column] for column in packs),
            *(table.c[pack.subject] for pack in packs.values()),
        }
        here = (table.c.tenant_id == self.tenant_id, table.c.id == row_id)
        row = await self.first(select(*columns).where(*here).with_for_update())
        if row is None:
            raise NotFound
        sealed: dict[str, bytes | None] = {}
        for column, pack in packs.items():
            present = (await self.open_rows(model, [row._mapping], list(pack.numbers)))[0]  # noqa: SLF001
            if row._mapping[column] is not None and all(value is None for value in present.values()):  # noqa: SLF001
                raise KeyDestroyed
            present |= {name: value for name, value in changes.items() if name in pack.numbers}
            inside = {pack.numbers[name]: value for name, value in present.items() if value is not None}
            subject = row._mapping[pack.subject]  # noqa: SLF001
            sealed[column] = await self._seal(model, pack, row_id, subject, inside) if inside else None
        await self.run(update(model).where(*here).values(sealed))


def pack_columns(model: type[Base], names: Iterable[str]) -> list[str]:
    """The pack columns that hold these sealed fields."""
    wanted = set(names)
    return [column for column, pack in model.packs.items() if not wanted.isdisjoint(pack.numbers)]


class Store:
    """Where transactions come from."""

    def __init__(self, main: Database, keystore: Keystore, clock: Clock) -> None:
        """Two databases on two servers, and the time."""
        self.main = main
        self.keystore = keystore
        self.clock = clock

    @asynccontextmanager
    async def transaction(self, tenant_id: UUID, *, write: bool = False) -> AsyncIterator[Transaction]:
        """One transaction of one tenant. Keys used for sealing stay locked until the main transaction has committed."""
        keys = await self.keystore.tenant(tenant_id)
        # The stack is entered first and left last: the key transaction ends after the main one has committed.
        async with AsyncExitStack() as stack, self.main.begin(tenant_id, write=write) as connection:
            transaction = Transaction(connection, self.keystore, keys, self.clock)
            stack.push_async_exit(transaction._stack.__aexit__)  # noqa: SLF001  the store owns its transactions
            yield transaction

    async def close(self) -> None:
        """Closes both pools."""
        await self.main.close()
        await self.keystore.close()
