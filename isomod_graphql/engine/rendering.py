"""Loaded rows into the JSON of an answer, with what was masked and what was released. Refuses to decide anything: each row says by its variant how it is shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from isomod_graphql.core.instants import instant_of, is_instant
from isomod_graphql.engine.figures import figures_as_json
from isomod_graphql.engine.loaded import Loaded, Paged, Root, Under
from isomod_graphql.engine.masking import masking_of_findings
from isomod_graphql.engine.opening import NOTHING, Opened
from isomod_graphql.engine.pages import cursor_binding, seal_cursor
from isomod_graphql.engine.projectors import Columns, Variant
from isomod_graphql.engine.running import Run
from isomod_graphql.engine.shapes import (
    Access,
    Counted,
    Item,
    Link,
    Named,
    ObjectShape,
    Page,
    Part,
    Typename,
)
from isomod_graphql.engine.stages import Program, SlotStage, Stage
from isomod_graphql.engine.withheld import findings_of, withholds

Objects = Sequence[Any]


class Rendering:
    """Turns what one run loaded into an answer."""

    def __init__(self, run: Run, opened: Opened) -> None:
        """`opened` is what `opened_of` gave."""
        self._run, self._opened = run, opened

    def data(self, program: Program, roots: Mapping[int, Root]) -> dict[str, Any]:
        """The answer's data."""
        return {
            key: item.name if isinstance(item, Typename) else self._root(item, roots[id(item)])
            for key, item in program.items
        }

    def _root(self, item: Page | Named | Counted, root: Root) -> Any:  # noqa: ANN401  JSON
        if isinstance(item, Counted):
            keyed = {id(part): self._keyed(*root.keyed[id(part)]) for part in item.figures.keyed}
            return figures_as_json(item.figures, root.told, keyed)
        if isinstance(item, Page):
            if root.under is None:
                raise TypeError("a page was not loaded")
            return self._pages(item, root.under)[0]
        found: list[Any] = [None] * root.size
        for places, loaded in root.named:
            shape = loaded.stage.slots[0].slot.objects[0]
            for place, value in zip(places, self._objects(loaded)[id(shape)], strict=True):
                found[place] = value
        return found if root.many else found[0]

    def _keyed(self, places: list[int], loaded: Loaded) -> Mapping[int, Any]:
        """By the place of the group that it stands for: each row as it is shown."""
        shown = self._objects(loaded)[id(loaded.stage.slots[0].slot.objects[0])]
        return dict(zip(places, shown, strict=True))

    def _objects(self, loaded: Loaded) -> dict[int, Objects]:
        """Per look, by its identity, the object of every row; None where there is none."""
        nested: dict[int, Objects] = {
            id(nest.item): self._nested(nest.item, loaded.nested[id(nest.item)], len(loaded.records))
            for nest in loaded.stage.nests
        }
        found: dict[int, Objects] = {}
        # Links stand after the tables that they are joined to, so that the last is made first.
        for at in reversed(range(len(loaded.stage.slots))):
            slot = loaded.stage.slots[at]
            for shape in slot.slot.objects:
                found[id(shape)] = self._looked(loaded, at, slot, shape, nested)
            if slot.slot.link is not None:
                nested[id(slot.slot.link)] = found[id(slot.slot.link.target)]
        return found

    def _looked(
        self, loaded: Loaded, at: int, slot: SlotStage, shape: ObjectShape, nested: Mapping[int, Objects]
    ) -> Objects:
        variants, kinds, inputs = loaded.variants[at], loaded.kinds[at], slot.inputs[id(shape)]
        columns, taken = loaded.columns, list[Sequence[Any]]()
        # Plain loops: most looks have none of these, and an empty comprehension is not free.
        if inputs.ids:
            ids = columns[slot.slot.at["id"]]
            taken.append(self._run.keys.ids.seal_all(slot.slot.rows.entity.code, ids))
        for subject in inputs.subjects:
            taken.append(self._run.request.pseudonyms.of_all(columns[slot.slot.at[subject]]))
        for column in inputs.packs:
            opened = self._opened.get((id(loaded), at, column))
            taken.append([NOTHING] * len(variants) if opened is None else opened)
        for item in inputs.nested:
            taken.append(self._access(item, variants) if isinstance(item, Access) else nested[id(item)])
        mark = id(shape)
        if len(kinds) == 1:
            only = next(iter(kinds))
            if only is None:
                return [None] * len(variants)
            every = only.projectors[mark]
            return every.every(*[columns[place] for place in every.columns], *taken)
        return [
            None if one is None else one.projectors[mark].one(*values)
            for one, values in zip(variants, zip(loaded.records, *taken, strict=True), strict=True)
        ]

    def _access(self, item: Access, variants: Sequence[Variant | None]) -> Objects:
        """Worked out once per kind of row: rows of one kind share the answer."""
        kinds = {one for one in variants if one is not None and one.layout.type_name == item.type_name}
        names = item.asking.names(self._run.variables) if kinds else ()
        told = {one: item.told(one.layout.access, names) for one in kinds}
        return [None if one is None else told.get(one) for one in variants]

    def _nested(self, item: Item, under: Under, size: int) -> Objects:
        found: list[Any] = [None] * size
        if isinstance(item, Page):
            values: Objects = self._pages(item, under)
        else:
            shape = under.loaded.stage.slots[0].slot.objects[0]
            objects = self._objects(under.loaded)[id(shape)]
            if isinstance(item, Link):
                values = objects
            else:
                values = [
                    [one for one in objects[begin:end] if one is not None] for begin, end in under.bounds
                ]
        for place, value in zip(under.places, values, strict=True):
            found[place] = value
        return found

    def _pages(self, item: Page, under: Under) -> list[dict[str, Any]]:
        """The connection object of each parent."""
        if under.page is None:
            raise TypeError("a page was not loaded")
        objects = self._objects(under.loaded)
        columns = [(key, self._part(part, under, under.page, objects)) for key, part in item.parts]
        return _joined(columns, len(under.bounds))

    def _part(self, part: Part, under: Under, page: Paged, objects: Mapping[int, Objects]) -> Sequence[Any]:
        """One part of every connection."""
        if part is None:
            return page.totals or []
        if isinstance(part, Typename):
            return [part.name] * len(under.bounds)
        if isinstance(part, ObjectShape):
            rows = objects[id(part)]
        elif part.kind == "edges":
            rows = _joined(
                [(key, self._of_edge(name, under, page, objects)) for key, name in part.fields],
                len(under.loaded.records),
            )
        else:
            return _joined(
                [(key, self._info(name, under, page)) for key, name in part.fields], len(under.bounds)
            )
        return [rows[begin:end] for begin, end in under.bounds]

    def _of_edge(
        self, name: str | Typename | ObjectShape, under: Under, page: Paged, objects: Mapping[int, Objects]
    ) -> Sequence[Any]:
        if isinstance(name, ObjectShape):
            return objects[id(name)]
        if isinstance(name, Typename):
            return [name.name] * len(under.loaded.records)
        found: list[str] = []
        for at, (begin, end) in enumerate(under.bounds):
            found += self._cursors(under, page, at, begin, end)
        return found

    def _info(self, name: str | Typename | ObjectShape, under: Under, page: Paged) -> Sequence[Any]:
        if isinstance(name, Typename):
            return [name.name] * len(under.bounds)
        if name == "hasNextPage":
            return page.more
        if name == "hasPreviousPage":
            return [page.demand.after is not None] * len(under.bounds)
        first = name == "startCursor"
        return [
            self._cursors(under, page, at, *((begin, begin + 1) if first else (end - 1, end)))[0]
            if begin < end
            else None
            for at, (begin, end) in enumerate(under.bounds)
        ]

    def _cursors(self, under: Under, page: Paged, at: int, begin: int, end: int) -> list[str]:
        binding = cursor_binding(self._run.request.viewer.holder, page.demand, page.parents[at])
        row_id = under.loaded.stage.slots[0].slot.at["id"]
        rows = under.loaded.records[begin:end]
        if page.demand.in_memory:
            keys: Sequence[Any] = [None] * len(rows)
        else:
            found = [row[page.key_at] for row in rows]
            keys = [instant_of(one) for one in found] if is_instant(page.demand.sort.key.type) else found
        return [
            seal_cursor(self._run.keys, binding, key, row[row_id])
            for key, row in zip(keys, rows, strict=True)
        ]

    def released(self) -> dict[int, set[bytes]]:
        """By the bits of categories: the subjects of whom something is shown to somebody else."""
        found: dict[int, set[bytes]] = {}
        for loaded in self._run.loaded:
            for at, kinds in enumerate(loaded.kinds):
                for one in kinds:
                    if one is not None and one.releases:
                        _release(found, one, loaded.columns, loaded.variants[at] if len(kinds) > 1 else None)
        for subjects in found.values():
            subjects.discard(None)
        return {bits: subjects for bits, subjects in found.items() if subjects}

    async def masking(self) -> dict[str, Any] | None:
        """`extensions.masking`, None when nothing was withheld. Asks for the types of rows where only it tells them apart."""
        suppressed = self._run.suppressed
        if not suppressed and not any(
            withholds(kinds) for loaded in self._run.loaded for kinds in loaded.kinds
        ):
            return None
        untyped = [
            (loaded, number, slot)
            for loaded in self._run.loaded
            for number, slot in enumerate(loaded.stage.slots)
            if withholds(loaded.kinds[number]) and not slot.is_typed
        ]
        wanted: dict[str, set[bytes]] = {}
        stages: dict[str, Stage] = {}
        for loaded, number, slot in untyped:
            entity, at = slot.slot.rows.entity, slot.slot.at["id"]
            stages.setdefault(entity.name, slot.types)
            rows = zip(loaded.records, loaded.variants[number], strict=True)
            wanted.setdefault(entity.name, set()).update(row[at] for row, one in rows if one is not None)
        types: dict[bytes, str] = {}
        for name, ids in wanted.items():
            types |= await self._run.types(stages[name], sorted(ids))
        return masking_of_findings(findings_of(self._run.loaded, types) | suppressed)


def _joined(columns: Sequence[tuple[str, Sequence[Any]]], size: int) -> list[dict[str, Any]]:
    """Objects from columns by response key."""
    if not columns:
        return [{} for _ in range(size)]
    if len(columns) == 1:
        key, values = columns[0]
        return [{key: value} for value in values]
    keys = [key for key, _ in columns]
    rows = zip(*(values for _, values in columns), strict=True)
    return [dict(zip(keys, row, strict=True)) for row in rows]


def _release(
    found: dict[int, set[bytes]],
    one: Variant,
    columns: Columns,
    variants: Sequence[Variant | None] | None,
) -> None:
    for place, bits in one.releases:
        subjects = found.setdefault(bits, set())
        if variants is None:
            subjects.update(columns[place])
        else:
            subjects.update(who for who, of in zip(columns[place], variants, strict=True) if of is one)
