"""A shape made ready to run: per level its statements, its variants and what hangs under it. Depends on the structure of a viewer; refuses to hold a row."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Select

from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.projectors import (
    Columns,
    Decide,
    Inputs,
    Key,
    Variant,
    deciding,
    inputs_of,
    variant_of,
)
from isomod_graphql.engine.readers import Reader
from isomod_graphql.engine.shapes import (
    Counted,
    Gathered,
    Link,
    Named,
    ObjectShape,
    Page,
    RootItem,
    Shape,
    Typename,
    Value,
)
from isomod_graphql.engine.sources import AnyNodes
from isomod_graphql.engine.statements import Records, Slot, Sql, compiled
from isomod_graphql.engine.statistics import Statistics, Tally, counting

MOST_STATEMENTS = 64
"""Of one level: filters and orders that clients combine in one document."""
MOST_COMBINATIONS = 1_024
"""Of facts about rows of one table; many of them look the same."""


@dataclass(eq=False, slots=True)
class SlotStage:
    """One table of a level: how its rows are decided and shown."""

    slot: Slot
    inputs: dict[int, Inputs]
    decide: Decide
    variants: dict[Key, Variant] = field(default_factory=dict)
    _looks: dict[int, Variant] = field(default_factory=dict)
    """By the identity of the layout, which the variant keeps alive."""
    _types: "Stage | None" = None

    @property
    def is_typed(self) -> bool:
        """The graph type of each row is known."""
        return bool(self.slot.rows.type_columns) or len(self.slot.rows.entity.types) == 1

    @property
    def types(self) -> "Stage":
        """A level that reads nothing but the graph types of rows."""
        if self._types is None:
            self._types = Stage([_unseen(self.slot.rows.entity)], self.slot.rows.reader)
        return self._types

    @property
    def table(self) -> str:
        """The table's name."""
        name: str = self.slot.rows.entity.model.__tablename__
        return name

    def variants_of(self, columns: Columns, me: bytes) -> tuple[list[Variant | None], set[Variant | None]]:
        """Of each row, and which there are; None where this table has no row, or one that no look has a type for."""
        if not (self.slot.rows.asked or self.slot.rows.persons or self.slot.rows.type_columns):
            return self._all_alike(columns[self.slot.at["id"]])
        found = self.decide(columns, me, self.variants, self.make)
        kinds = set(found)
        for one in kinds:
            if one is not None and not one.projectors:
                found = [one if one is not None and one.projectors else None for one in found]
                return found, set(found)
        return found, kinds

    def _all_alike(self, ids: Sequence[bytes | None]) -> tuple[list[Variant | None], set[Variant | None]]:
        """Nothing about a row changes how it is shown."""
        only = self.variants.get(()) or self.make(())
        shown = only if only.projectors else None
        if ids and None not in ids:
            return [shown] * len(ids), {shown}
        found = [None if row_id is None else shown for row_id in ids]
        return found, set(found)

    def make(self, key: Key) -> Variant:
        """The variant of rows with facts that were not met before."""
        rows, facts = self.slot.rows, iter(key)
        named = {str(one.key): next(facts) for one in rows.type_columns}
        asked = {name: next(facts) for name in rows.asked}
        mine = {name: next(facts) for name in rows.persons}
        layout = rows.layout(rows.type_name(named), asked, mine)
        variant = self._looks.get(id(layout))
        if variant is None:
            if len(self._looks) >= MOST_STATEMENTS:
                self._looks.clear()
                self.variants.clear()
            variant = self._looks[id(layout)] = variant_of(self.slot, self.inputs, layout)
        if len(self.variants) >= MOST_COMBINATIONS:
            self.variants.clear()
        self.variants[key] = variant
        return variant


@dataclass(eq=False, slots=True)
class Nest:
    """A level under another: the rows of `above` that are of this type have it under `item`."""

    above: int
    item: Link | Page | Gathered
    stage: "Stage"


class Stage:
    """A level: records of one statement, the tables in them, and the levels under them."""

    def __init__(self, objects: list[ObjectShape], reader: Reader) -> None:
        """All `objects` are looks at the same rows."""
        self.records = Records(objects, reader)
        self.slots = [
            SlotStage(slot, {id(shape): inputs_of(shape, slot) for shape in slot.objects}, deciding(slot))
            for slot in self.records.slots
        ]
        self.sealed = [(at, slot) for at, slot in enumerate(self.slots) if slot.slot.rows.sealed]
        """The tables with packs, by their number."""
        self.nests = list(self._nests(reader))
        self.personal = any(isinstance(item, Value) and item.spec.personal for _, item in self._items())
        self.nothing = (None,) * (self.records.width + 2)
        self._statements: dict[Hashable, Sql] = {}

    def _items(self) -> Iterator[tuple[int, Any]]:
        for at, slot in enumerate(self.records.slots):
            for shape in slot.objects:
                for items in shape.types.values():
                    yield from ((at, item) for _, item in items)

    def _nests(self, reader: Reader) -> Iterator[Nest]:
        for slot, link in self.records.batched:
            yield Nest(self.records.slots.index(slot), link, Stage([link.target], reader))
        for at, item in self._items():
            if isinstance(item, Page):
                yield Nest(at, item, Stage(item.objects or [_unseen(item.listing.entity())], reader))
            elif isinstance(item, Gathered):
                yield Nest(at, item, Stage([item.target], reader))

    def statement(self, key: Hashable, build: Callable[[], Select[Any]]) -> Sql:
        """Compiled once per key; `build` makes it."""
        found = self._statements.get(key)
        if found is None:
            if len(self._statements) >= MOST_STATEMENTS:
                self._statements.clear()
            found = self._statements[key] = compiled(build())
        return found

    @property
    def statements(self) -> list[Sql]:
        """Those that were needed so far."""
        return list(self._statements.values())


def _unseen(entity: Entity) -> ObjectShape:
    """Rows of which no field is asked for; they are read all the same, with their types."""
    return ObjectShape(entity, (), {name: [("__typename", Typename(name))] for name in entity.types})


@dataclass(eq=False, slots=True)
class Count:
    """The statements of one statistic, one per way to tell rows apart."""

    statistics: Statistics
    reader: Reader
    _statements: dict[tuple[int, ...], Sql] = field(default_factory=dict)

    def statement(self, asked: Tally) -> Sql:
        """Compiled once per way."""
        found = self._statements.get(asked.depths)
        if found is None:
            if len(self._statements) >= MOST_STATEMENTS:
                self._statements.clear()
            found = compiled(counting(self.statistics, self.reader, asked.depths))
            self._statements[asked.depths] = found
        return found


@dataclass(eq=False)
class Program:
    """The root items with their levels; a named item has one level per entity that it may name."""

    items: list[tuple[str, RootItem]]
    stages: dict[int, dict[str, Stage]]
    """By the identity of a root item and the entity's name; of statistics, by the identity of what stands for groups."""
    counts: dict[int, Count] = field(default_factory=dict)
    """By the identity of a root item."""

    @cached_property
    def single(self) -> bool:
        """One statement reads everything."""
        found = [item for _, item in self.items if isinstance(item, Page | Named | Counted)]
        if len(found) != 1 or any(stage.nests for stage in self.all_stages()):
            return False
        (item,) = found
        if isinstance(item, Counted):
            return not self.stages[id(item)]
        if isinstance(item, Page):
            return all(part is not None for _, part in item.parts)
        return not isinstance(item.source, AnyNodes) or len(self.stages[id(item)]) == 1

    def all_stages(self) -> Iterator[Stage]:
        """Every level, each before those under it."""
        waiting = [stage for by_name in self.stages.values() for stage in by_name.values()]
        while waiting:
            stage = waiting.pop(0)
            yield stage
            waiting += [nest.stage for nest in stage.nests]

    @property
    def weight(self) -> int:
        """About how many bytes it takes: measured at 40 kB a level, most of it statements under construction."""
        return 8_000 + sum(
            40_000 + 2 * sum(len(one.text) for one in stage.statements) for stage in self.all_stages()
        )


def program_of(shape: Shape, reader: Reader) -> Program:
    """Builds every level of a shape."""
    stages: dict[int, dict[str, Stage]] = {}
    counts: dict[int, Count] = {}
    for _, item in shape.items:
        if isinstance(item, Page):
            stages[id(item)] = {
                item.listing.entity().name: Stage(item.objects or [_unseen(item.listing.entity())], reader)
            }
        elif isinstance(item, Named):
            stages[id(item)] = {name: Stage([target], reader) for name, target in item.targets.items()}
        elif isinstance(item, Counted):
            counts[id(item)] = Count(item.statistics, reader)
            stages[id(item)] = {str(id(one)): Stage([one.target], reader) for one in item.figures.keyed}
    return Program(shape.items, stages, counts)
