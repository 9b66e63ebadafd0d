"""One running operation: viewer, plan, one transaction, loaders, and what was masked. It is Strawberry's context; it lives for one operation."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from aiodataloader import DataLoader
from sqlalchemy import ColumnElement, Select, Uuid, any_, bindparam
from sqlalchemy.dialects.postgresql import ARRAY

from isomod_graphql.core.errors import BadInput, NotFound, Unauthenticated
from isomod_graphql.core.ids import NOTHING, IdCipher
from isomod_graphql.core.keystore import TenantKeys
from isomod_graphql.core.store import Store, Transaction
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.loading import Level, Levels
from isomod_graphql.engine.masking import SUPPRESSED, stands
from isomod_graphql.engine.plan import Plan
from isomod_graphql.engine.projection import BITS, View, Withheld
from isomod_graphql.engine.pseudonyms import Pseudonyms
from isomod_graphql.engine.viewer import Viewer
from permissions.categories import Category

T = TypeVar("T")
MAX_NODES = 100


class _Views(DataLoader[UUID, View | None]):
    """Batches the to-one links of one level into one statement."""

    def __init__(self, request: "Request", entity: Entity) -> None:
        super().__init__(max_batch_size=1_000)
        self._request, self._entity = request, entity

    async def batch_load_fn(self, keys: list[UUID]) -> list[View | None]:
        level = self._request.level(self._entity)
        return await self._request.reading(lambda tx: level.by_ids(tx, keys))


class _Groups(DataLoader[UUID, list[Any]]):
    """Batches the to-many sets of one level into one statement."""

    def __init__(self, request: "Request", fetch: "Fetch") -> None:
        super().__init__(max_batch_size=1_000)
        self._request, self._fetch = request, fetch

    async def batch_load_fn(self, keys: list[UUID]) -> list[list[Any]]:
        found = await self._request.reading(lambda tx: self._fetch(tx, keys))
        return [found.get(key, []) for key in keys]


Fetch = Callable[[Transaction, list[UUID]], Awaitable[dict[UUID, list[Any]]]]
"""Everything that belongs to these keys, in one statement."""


@dataclass(slots=True)
class Telling:
    """One event on its way to one subscriber: the row that it names, and whether there was anything to be told of it."""

    row_id: UUID
    seen: bool = False


@dataclass(slots=True)
class Request:
    """The context of one operation. Reads share one read-only transaction; each root mutation has its own."""

    store: Store
    keys: TenantKeys | None
    """Of the viewer's tenant; None for nobody."""
    catalogue: Catalogue
    plan: Plan
    viewer: Viewer
    services: Any = None
    """What resolvers of the schema need beside the store; the engine does not look inside."""
    seen: list[tuple[Any, str, Withheld | None]] = field(default_factory=list)
    """Every personal value that was shown: its path, its coordinate, and why it was withheld, if it was."""
    levels: Levels = field(default_factory=Levels)
    """What was prepared for earlier requests; the process has one."""
    telling: Telling | None = None
    """The event that a subscription is answered for; None for every other operation."""
    released: dict[int, set[bytes]] = field(default_factory=dict)
    """By the bits of categories: the subjects of whom something is shown to somebody else."""
    _shown: list[tuple[Any, int, bytes]] = field(default_factory=list)
    """The same of what is released: its path, the bit of its category, the subject."""
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _tx: Transaction | None = None
    _over: bool = False
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _levels: dict[str, Level] = field(default_factory=dict)
    _loaders: dict[str, _Views] = field(default_factory=dict)
    _groups: dict[str, _Groups] = field(default_factory=dict)

    async def reading(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Runs `work` in the operation's read transaction, one at a time: a connection serves one statement.

        A field that fails cancels those beside it, but no statement: the transaction belongs to others as well.
        """
        return await asyncio.shield(self._read(work))

    async def _read(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        async with self._turn:
            if self._over:
                raise asyncio.CancelledError  # Nobody waits for it any more.
            if self._tx is None:
                self._tx = await self._stack.enter_async_context(
                    self.store.transaction(self.viewer.tenant_id)
                )
            return await work(self._tx)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        """A write transaction of its own. What was read before is forgotten, so that the payload shows the new state."""
        await self.end_reading()
        async with self.store.transaction(self.viewer.tenant_id, write=True) as tx:
            yield tx

    async def end(self) -> None:
        """After the operation: whatever is left of fields that were cancelled reads nothing any more."""
        self._over = True
        await self.end_reading()

    async def end_reading(self) -> None:
        """Ends the read transaction and forgets what the loaders cached."""
        if self._tx is None and not (self._loaders or self._groups or self._turn.locked()):
            return
        async with self._turn:
            self._tx = None
            self._loaders.clear()
            self._groups.clear()
            await self._stack.aclose()
            self._stack = AsyncExitStack()

    def show(self, path: object, coordinate: str, view: View, name: str) -> None:
        """Takes down that a personal value of this view is shown here, or withheld."""
        self.seen.append((path, coordinate, view.decisions.get(name)))
        released = view.released.get(name)
        if released is not None:
            bit, subject = released
            if subject is not None:
                self._shown.append((path, bit, subject.bytes))

    def tell(self, path: object, category: Category, subject: UUID) -> None:
        """Takes down that a field without a view tells something of this category about somebody."""
        if subject != self.viewer.person_id:
            self._shown.append((path, BITS[category], subject.bytes))

    def suppress(self, path: object, coordinate: str) -> None:
        """Takes down that a count is too small to be told here."""
        self.seen.append((path, coordinate, SUPPRESSED))

    def settle(self, data: object, *, failed: bool) -> None:
        """Takes down what was released. Of an answer in which a field failed, what went with it was shown to nobody."""
        if failed:
            self.seen = [one for one in self.seen if stands(data, one[0])]
            self._shown = [one for one in self._shown if stands(data, one[0])]
        for _, bit, subject in self._shown:
            self.released.setdefault(bit, set()).add(subject)

    def level(self, entity: Entity) -> Level:
        """The level of an entity for this plan and viewer."""
        known = self._levels.get(entity.name)
        if known is None:
            known = self._levels[entity.name] = self.levels.of(entity, self.plan, self.viewer)
        return known

    async def load(self, entity: Entity, row_id: UUID) -> View | None:
        """One view, batched with the others asked for in the same moment; None when unreachable."""
        loader = self._loaders.get(entity.name)
        if loader is None:
            loader = self._loaders[entity.name] = _Views(self, entity)
        # Others wait for the same row: it must not be cancelled with a field.
        return await asyncio.shield(loader.load(row_id))

    async def grouped(self, name: str, key: UUID, fetch: Fetch) -> list[Any]:
        """What `fetch` finds for this key, batched with the other keys asked for under this name."""
        loader = self._groups.get(name)
        if loader is None:
            loader = self._groups[name] = _Groups(self, fetch)
        return await asyncio.shield(loader.load(key))

    async def children(self, entity: Entity, by: ColumnElement[Any], parent: View) -> list[View]:
        """The rows of a small to-many set that the viewer reaches, oldest first; `by` holds the parent's id."""
        level = self.level(entity)

        def build() -> Select[Any]:
            wanted = by == any_(bindparam("parents", type_=ARRAY(Uuid())))
            listed = level.statement(by.label("parent_key")).where(wanted)
            return listed.order_by(entity.model.__table__.c.id)

        async def fetch(tx: Transaction, keys: list[UUID]) -> dict[UUID, list[Any]]:
            statement = level.prepared(("children", by), build)
            binds = {**level.binds, "parents": keys}
            rows = [row._mapping for row in await tx.all(statement, binds)]  # noqa: SLF001  SQLAlchemy's public name
            found: dict[UUID, list[Any]] = {}
            for row, view in zip(rows, await level.views(tx, rows), strict=True):
                found.setdefault(row["parent_key"], []).append(view)
            return found

        return await self.grouped(f"children {by}", parent.row_id, fetch)

    @property
    def ids(self) -> IdCipher:
        """Opens and seals global ids of the viewer's tenant. Raises Unauthenticated for nobody."""
        if self.keys is None:
            raise Unauthenticated
        return self.keys.ids

    @property
    def pseudonyms(self) -> Pseudonyms:
        """Of the viewer's tenant and purpose. Raises Unauthenticated for nobody."""
        if self.keys is None:
            raise Unauthenticated
        return Pseudonyms(self.keys.pseudonyms, self.viewer.principal.purpose)

    def global_id(self, view: View) -> str:
        """The opaque id of a view."""
        return self.ids.seal(view.code, view.row_id)

    def row_id(self, global_id: str, entity: Entity) -> UUID:
        """The row that an id names; NOTHING for another tenant's, another type's or a forged one.

        What is asked with NOTHING costs and answers the same as with an id under which there is no row.
        """
        return self.opened(global_id, entity.code)

    def opened(self, global_id: str, type_code: int) -> UUID:
        """As `row_id`, by the type byte."""
        try:
            opened = self.ids.open(global_id)
        except NotFound:
            return NOTHING
        return opened.row_id if opened.type_code == type_code else NOTHING

    async def node(self, global_id: str) -> View | None:
        """The view that any id names, None when it names nothing that the viewer reaches, or may ask for by itself."""
        try:
            opened = self.ids.open(global_id)
        except NotFound:
            return None
        entity = self.catalogue.entity_of_code.get(opened.type_code)
        own = opened.row_id == self.viewer.person_id
        if entity is None or not entity.may_seek(self.viewer.vector.actions, own=own):
            return None
        return await self.load(entity, opened.row_id)

    async def nodes(self, global_ids: Sequence[str]) -> list[View | None]:
        """Several at once, batched by kind. Raises BadInput for more than 100."""
        if len(global_ids) > MAX_NODES:
            raise BadInput(f"At most {MAX_NODES} ids.", field="ids")
        return list(await asyncio.gather(*(self.node(one) for one in global_ids)))

    async def one(self, global_id: str, entity: Entity, type_name: str) -> View | None:
        """The view of this kind that an id names, or None."""
        view = await self.node(global_id)
        return view if view is not None and (view.code, view.type_name) == (entity.code, type_name) else None
