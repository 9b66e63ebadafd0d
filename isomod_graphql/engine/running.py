"""Runs a program: statement after statement in one snapshot, every row decided as it comes. Refuses to show what was not decided, and leaves failing fields to the reference executor."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql.execution.values import VariableValues

from isomod_graphql.core.keystore import TenantKeys
from isomod_graphql.core.reading import Reading
from isomod_graphql.engine.columns import bounds_of, spread, trimmed, turned
from isomod_graphql.engine.demands import counted_of, demand_of, told_of, wanted_of
from isomod_graphql.engine.figures import untold_of
from isomod_graphql.engine.listing import Demand
from isomod_graphql.engine.loaded import Loaded, Paged, Root, Under
from isomod_graphql.engine.masking import Finding
from isomod_graphql.engine.pages import CursorInvalid, cursor_binding, open_cursor
from isomod_graphql.engine.projectors import Variant
from isomod_graphql.engine.request import Request
from isomod_graphql.engine.shapes import (
    Counted,
    Gathered,
    Link,
    Named,
    NotCompiled,
    Page,
    Path,
    RootItem,
    Typename,
    Unsupported,
)
from isomod_graphql.engine.sources import AnyNodes
from isomod_graphql.engine.stages import Count, Nest, Program, Stage
from isomod_graphql.engine.statements import Sql, raw
from isomod_graphql.engine.statistics import AS_OF, TooManyGroups, broken_down


@dataclass(eq=False, slots=True)
class Run:
    """One execution of a program. `request` says who asks, and has what both paths share: ids of filters, lists in memory."""

    reading: Reading
    request: Request
    keys: TenantKeys
    variables: VariableValues
    binds: Mapping[str, Any]
    """The viewer's values, uuids as bytes."""
    me: bytes
    """The viewer's person; empty for a client."""
    single: bool
    """One statement reads everything."""
    loaded: list[Loaded] = field(default_factory=list)
    suppressed: dict[Path, list[Finding]] = field(default_factory=dict)
    """Counts that are not told, by their path."""

    async def load(self, program: Program) -> dict[int, Root]:
        """Everything that the operation reads. Raises NotCompiled where a field fails."""
        return {
            id(item): await self._counted(item, program.counts[id(item)], program.stages[id(item)])
            if isinstance(item, Counted)
            else await self._root(item, program.stages[id(item)])
            for _, item in program.items
            if not isinstance(item, Typename)
        }

    async def _counted(self, item: Counted, count: Count, stages: Mapping[str, Stage]) -> Root:
        """The figures, and the rows that groups stand for, of each kind in one statement."""
        asked = counted_of(item, self.variables, self.request)
        cells = await self._fetch(count.statement(asked), **{AS_OF: raw(self.request.viewer.now)})
        try:
            figures = broken_down(asked, cells)
        except TooManyGroups:
            raise NotCompiled(Unsupported.FIELD_ERROR) from None
        root = Root(told=figures)
        self.suppressed |= dict(untold_of(item.figures, figures))
        for one in item.figures.keyed:
            keys = [(place, group.values.get(one.name)) for place, group in enumerate(figures.groups)]
            named = [(place, key) for place, key in keys if key is not None]
            stage = stages[str(id(one))]
            rows = await self._by_ids(stage, [key for _, key in named])
            root.keyed[id(one)] = [place for place, _ in named], await self._loaded(stage, rows, None)
        return root

    async def _root(self, item: RootItem, stages: Mapping[str, Stage]) -> Root:
        if isinstance(item, Page):
            stage = next(iter(stages.values()))
            return Root(under=await self._page(item, stage, [None], [0], None))
        if isinstance(item, Named):
            return await self._named(item, stages)
        raise TypeError("a name is not loaded")

    async def _named(self, item: Named, stages: Mapping[str, Stage]) -> Root:
        wanted = wanted_of(item, self.variables, self.request, self.keys, self.me)
        mixed = len(stages) > 1
        root = Root(many=isinstance(item.source, AnyNodes), size=len(wanted))
        for name, stage in stages.items():
            places = [at for at, one in enumerate(wanted) if one is not None and one[0] == name]
            if places:
                ids = [wanted[at][1] for at in places]  # type: ignore[index]  # those that are not None
                rows = await self._by_ids(stage, ids, told_of(item, self.variables))
                origin = places if mixed else None
                loaded = await self._loaded(stage, rows, origin)
                root.named.append((places, loaded))
        return root

    async def _loaded(self, stage: Stage, records: Sequence[Any], origin: list[int] | None) -> Loaded:
        """Decides every row, then reads what hangs under those that are seen."""
        loaded = Loaded(stage, records, turned(records, stage.records.width), [], [], origin)
        for slot in stage.slots:
            found, kinds = slot.variants_of(loaded.columns, self.me)
            above, link = slot.slot.above, id(slot.slot.link)
            if above is not None:
                at = stage.records.slots.index(above)
                if not all(owner is not None and link in owner.links for owner in loaded.kinds[at]):
                    found = _shown(found, loaded.variants[at], link)
                    kinds = set(found)
            loaded.variants.append(found)
            loaded.kinds.append(kinds)
        self.loaded.append(loaded)
        for nest in stage.nests:
            loaded.nested[id(nest.item)] = await self._under(loaded, nest)
        return loaded

    async def _under(self, loaded: Loaded, nest: Nest) -> Under:
        slot = loaded.stage.slots[nest.above].slot
        owners = loaded.variants[nest.above]
        item, mark = nest.item, id(nest.item)
        if isinstance(item, Link):
            at = slot.at[item.spec.name]
            places = [
                place
                for place, owner in enumerate(owners)
                if owner is not None and mark in owner.links and loaded.records[place][at] is not None
            ]
            ids = [loaded.records[place][at] for place in places]
            under = await self._loaded(
                nest.stage, await self._by_ids(nest.stage, ids), _origins(loaded, places)
            )
            return Under(under, places, [(at, at + 1) for at in range(len(places))])
        hides = isinstance(item, Gathered) and item.spec is not None
        holders = {
            type_name
            for shape in slot.objects
            for type_name, items in shape.types.items()
            if any(one is item for _, one in items)
        }
        places = [
            place
            for place, owner in enumerate(owners)
            if owner is not None and owner.layout.type_name in holders and (not hides or mark in owner.links)
        ]
        parents = [loaded.records[place][slot.at["id"]] for place in places]
        if isinstance(item, Page):
            return await self._page(item, nest.stage, parents, places, _origins(loaded, places))
        return await self._gathered(item, nest.stage, parents, places, _origins(loaded, places))

    async def _gathered(
        self, item: Gathered, stage: Stage, parents: list[bytes], places: list[int], origins: list[int] | None
    ) -> Under:
        sql = stage.statement("gathered", lambda: stage.records.gathered(item.source))
        rows = await self._fetch(sql, parents=parents) if parents else []
        bounds = bounds_of([row[stage.records.width] for row in rows], len(parents))
        return Under(await self._loaded(stage, rows, spread(origins, bounds)), places, bounds)

    async def _page(
        self,
        item: Page,
        stage: Stage,
        parents: Sequence[bytes | None],
        places: list[int],
        origins: list[int] | None,
    ) -> Under:
        """The page under each parent, or the only one of a root field, whose parent is None."""
        asked = demand_of(item, self.variables)
        totals: list[int] | None = None
        rows: list[Any] = []
        bounds: list[tuple[int, int]] = []
        more: list[bool] = []
        if not parents:
            pass
        elif asked.in_memory:
            rows, bounds, more, totals = await self._in_memory(stage, asked)
        else:
            rows, bounds, more = await self._by_keys(item, stage, asked, parents)
        loaded = await self._loaded(stage, rows, spread(origins, bounds))
        alone = asked.after is not None or None in parents
        key_at = stage.records.width + (0 if alone else 1)
        if totals is None and any(part is None for _, part in item.parts):
            totals = await self._totals(stage, asked, parents)
        return Under(loaded, places, bounds, Paged(asked, parents, more, totals, key_at))

    async def _by_keys(
        self, item: Page, stage: Stage, asked: Demand, parents: Sequence[bytes | None]
    ) -> tuple[list[Any], list[tuple[int, int]], list[bool]]:
        # Whoever does not ask whether there is more is read no row to tell by.
        values = self._values(asked) | {"first_plus_one": asked.first + item.tells_more}
        if asked.after is not None or parents[0] is None:
            # A cursor belongs to one parent, which may stand in several places.
            if len(set(parents)) > 1:
                raise NotCompiled(Unsupported.FIELD_ERROR)
            after = asked.after is not None
            if asked.after is not None:
                values["after_key"], values["after_id"] = self._start(asked, parents[0])
            values["parent"] = parents[0]
            key = ("page", asked.key, after)
            sql = stage.statement(
                key, lambda: stage.records.first_page(asked, after=after, keyed=item.tells_cursors)
            )
            once = await self._fetch(sql, **values)
            rows, size = once * len(parents), len(once)
            bounds = [(at * size, (at + 1) * size) for at in range(len(parents))]
        else:
            sql = stage.statement(
                ("under", asked.key), lambda: stage.records.pages_under(asked, keyed=item.tells_cursors)
            )
            rows = await self._fetch(sql, parents=parents, **values)
            bounds = bounds_of([row[stage.records.width] for row in rows], len(parents))
        return trimmed(rows, bounds, asked.first)

    async def _in_memory(
        self, stage: Stage, asked: Demand
    ) -> tuple[list[Any], list[tuple[int, int]], list[bool], list[int]]:
        hook = asked.listing.in_memory
        order = await hook.ids(self.request, asked) if hook is not None else []
        begin = 0
        if asked.after is not None:
            _, last = self._start(asked, None)
            begin = next((at + 1 for at, one in enumerate(order) if raw(one) == last), 0)
            if not begin:
                raise NotCompiled(Unsupported.FIELD_ERROR)
        wanted = [one.bytes for one in order[begin : begin + asked.first]]
        rows = [row for row in await self._by_ids(stage, wanted) if row is not stage.nothing]
        return rows, [(0, len(rows))], [len(order) > begin + asked.first], [len(order)]

    async def _totals(self, stage: Stage, asked: Demand, parents: Sequence[bytes | None]) -> list[int]:
        values = self._values(asked)
        if not parents:
            return []
        if parents[0] is None:
            sql = stage.statement(("count", asked.key), lambda: stage.records.count(asked))
            return [(await self._fetch(sql, **values))[0][0]]
        sql = stage.statement(("counts", asked.key), lambda: stage.records.count_under(asked))
        counted = {row[1]: row[0] for row in await self._fetch(sql, parents=list(set(parents)), **values)}
        return [counted.get(parent, 0) for parent in parents]

    async def _by_ids(self, stage: Stage, ids: Sequence[bytes], asked: Demand | None = None) -> list[Any]:
        """A record for each id, the empty one where nothing is reached, or not what is asked for."""
        if not ids:
            return []
        values: dict[str, Any] = {"ids": list(dict.fromkeys(ids))}
        if asked is None or not asked.given:
            sql = stage.statement("ids", stage.records.by_ids)
        else:
            where = asked.predicates(stage.records.reader)
            sql = stage.statement(("ids", asked.key), lambda: stage.records.by_ids(*where))
            values |= self._values(asked)
        at = stage.slots[0].slot.at["id"]
        found = {row[at]: row for row in await self._fetch(sql, **values)}
        return [found.get(one, stage.nothing) for one in ids]

    async def types(self, stage: Stage, ids: Sequence[bytes]) -> dict[bytes, str]:
        """The graph types of rows, in a transaction of their own: those of the operation may be over."""
        sql = stage.statement("ids", stage.records.by_ids)
        viewer = self.request.viewer
        async with self.request.store.main.reading(viewer.tenant_id) as reading:
            rows = await reading.fetch(sql.text, sql.arguments({**self.binds, "ids": ids}), last=True)
        at = stage.slots[0].slot.at["id"]
        columns = turned(rows, stage.records.width)
        found = zip(columns[at], stage.slots[0].variants_of(columns, self.me)[0], strict=True)
        return {row_id: one.layout.type_name for row_id, one in found if one is not None}

    def _fetch(self, sql: Sql, **values: Any) -> Awaitable[list[Any]]:  # noqa: ANN401  parameters' values
        return self.reading.fetch(sql.text, sql.arguments({**self.binds, **values}), last=self.single)

    def _values(self, asked: Demand) -> dict[str, Any]:
        if not asked.given:
            return {}
        return {name: raw(value) for name, value in asked.binds(self.request).items()}

    def _start(self, asked: Demand, parent: bytes | None) -> tuple[Any, bytes]:
        """Where the page before ended. An invalid cursor is a field error like others."""
        binding = cursor_binding(self.request.viewer.holder, asked, parent)
        try:
            value, row_id = open_cursor(self.keys, binding, asked.after or "")
        except CursorInvalid:
            raise NotCompiled(Unsupported.FIELD_ERROR) from None
        return raw(value), row_id


def _shown(found: list[Variant | None], owners: list[Variant | None], link: int) -> list[Variant | None]:
    """Without the rows behind a link that their owner does not show."""
    return [
        one if owner is not None and link in owner.links else None
        for one, owner in zip(found, owners, strict=True)
    ]


def _origins(loaded: Loaded, places: list[int]) -> list[int] | None:
    return None if loaded.origin is None else [loaded.origin[place] for place in places]
