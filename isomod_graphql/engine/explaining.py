"""How an operation is answered for one kind of viewer: levels, SQL, possible decisions, arguments that reveal. Refuses values: it holds names only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLSchema, get_named_type
from graphql.execution.values import VariableValues
from sqlalchemy import Select, Table
from sqlalchemy.sql.visitors import iterate

from isomod_graphql.engine.bounded import Bounded
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.compiler import Asked
from isomod_graphql.engine.demands import counted_of, demand_of
from isomod_graphql.engine.entities import Entity, FieldSpec
from isomod_graphql.engine.plan import Governed, may_ask, spelled
from isomod_graphql.engine.possible import Outlook, Possible, outlooks
from isomod_graphql.engine.readers import Reader
from isomod_graphql.engine.rows import RowQuery
from isomod_graphql.engine.shapes import (
    Counted,
    Gathered,
    Keyed,
    Link,
    Named,
    ObjectShape,
    Page,
    Path,
    Typename,
    Value,
)
from isomod_graphql.engine.stages import Program, Stage
from isomod_graphql.engine.statements import Slot, compiled
from isomod_graphql.engine.statistics import counting
from isomod_graphql.engine.watching import Watch
from permissions.decisions import reach_of
from permissions.policy_version import POLICY_VERSION

COMPILED: Final = "COMPILED"
REFERENCE: Final = "REFERENCE"
REFUSED: Final = "REFUSED"
OUTLOOK_BYTES: Final = 4 << 20
BYTES_PER_OUTLOOK: Final = 2_000


@dataclass(frozen=True, slots=True)
class Statement:
    """What is sent to the database. `parameters` are names in the order of the text; `tables` includes those of the row rules."""

    rows: str
    sql: str
    parameters: tuple[str, ...]
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coordinate:
    """A field that is asked for, and what may be decided of it. `path` is None where the path is not known before the run."""

    coordinate: str
    path: Path | None
    category: str
    subject: str | None
    possible: tuple[Possible, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What is asked of every row because decisions depend on it. `slots` say how far each grant reaches."""

    slots: Mapping[str, str]
    relations: tuple[str, ...]
    flags: tuple[str, ...]
    persons: tuple[str, ...]
    actions: tuple[str, ...]
    """Where it is asked what the viewer may change."""


@dataclass(frozen=True, slots=True)
class Part:
    """One table of a level: its rows, or those at the other end of a link that is joined."""

    entity: str
    paths: tuple[Path, ...]
    joined: bool
    facts: Facts
    coordinates: tuple[Coordinate, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """Microseconds."""

    sql: int
    rows: int
    projection: int


@dataclass(frozen=True, slots=True)
class Level:
    """The rows of one place in the answer. `batched`: one statement for all rows of the level above."""

    path: Path | None
    depth: int
    batched: bool
    statements: tuple[Statement, ...]
    parts: tuple[Part, ...]
    microseconds: Times | None = None


@dataclass(frozen=True, slots=True)
class Argument:
    """A filter or sort of the document: what it would tell of the rows, and whether the viewer may use it for that."""

    coordinate: str
    argument: str
    name: str
    category: str
    resource: str
    readable: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """`answered` is COMPILED, REFERENCE (with the `reason` of the compiler) or REFUSED (with the code of the refusal)."""

    answered: str
    reason: str | None
    policy: str
    points: int
    purpose: str
    arguments: tuple[Argument, ...]
    levels: tuple[Level, ...]
    microseconds: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As clients read it."""
        return asdict(self)


class Explaining:
    """Explains operations of one schema."""

    def __init__(self, schema: GraphQLSchema, catalogue: Catalogue) -> None:
        """One per process."""
        self._schema, self._catalogue = schema, catalogue
        # Hundreds of combinations are tried per field: what was tried for one kind of viewer is kept for the next time.
        self._outlooks: Bounded[Outlook] = Bounded(OUTLOOK_BYTES)

    def arguments(self, asked: Asked) -> tuple[Argument, ...]:
        """Every filter and sort that the caller wrote and of which the policy has something to say."""
        return tuple(one for governed in asked.plan.governed for one in self._revealing(governed, asked))

    def _revealing(self, governed: Governed, asked: Asked) -> Iterator[Argument]:
        for given in governed.node.arguments or ():
            named = get_named_type(governed.definition.args[given.name.value].type)
            members: Mapping[str, object] = {}
            if isinstance(named, GraphQLInputObjectType):
                members = named.fields
            elif isinstance(named, GraphQLEnumType):
                members = named.values
            # What a variable brings is repeated only where the schema has a name like it.
            names = [name for name in spelled(given.value, asked.variables) if name in members]
            for name in dict.fromkeys(names):
                for category, resource in self._catalogue.revealed_by(named.name, [name]):
                    readable = may_ask(self._catalogue, asked.viewer.vector, named.name, name)
                    at = self._coordinate(governed, asked)
                    yield Argument(at, given.name.value, name, category, resource, readable)

    def _coordinate(self, governed: Governed, asked: Asked) -> str:
        name = governed.node.name.value
        for of, field in sorted(asked.plan.coordinates):
            fields = getattr(self._schema.type_map[of], "fields", {})
            if field == name and fields.get(name) is governed.definition:
                return f"{of}.{name}"
        return name

    def compiled(self, asked: Asked, program: Program, watch: Watch | None = None) -> tuple[Level, ...]:
        """The levels of a program, each before those under it. Raises NotCompiled for arguments that do not fit."""
        levels: list[Level] = []
        for _, item in program.items:
            if isinstance(item, Counted):
                levels += self._counted(program, item, asked, watch)
            elif not isinstance(item, Typename):
                for stage in program.stages[id(item)].values():
                    levels += self._levels(stage, item, asked, 0, watch)
        return tuple(levels)

    def _counted(self, program: Program, item: Counted, asked: Asked, watch: Watch | None) -> Iterator[Level]:
        """The statement that counts, then the rows that groups stand for."""
        tally = counted_of(item, asked.variables)
        reader = program.counts[id(item)].reader
        statement = _statement("groups", counting(item.statistics, reader, tally.depths))
        yield Level((item.figures.name,), 0, False, (statement,), ())
        for one in item.figures.keyed:
            stage = program.stages[id(item)][str(id(one))]
            yield from self._levels(stage, one, asked, 1, watch)

    def _levels(
        self,
        stage: Stage,
        item: Page | Named | Link | Gathered | Keyed,
        asked: Asked,
        depth: int,
        watch: Watch | None,
    ) -> Iterator[Level]:
        statements = tuple(_statement(rows, one) for rows, one in _sent(stage, item, asked.variables, depth))
        parts = tuple(self._part(one.slot) for one in stage.slots)
        path = next((path for part in parts for path in part.paths), None)
        yield Level(
            path, depth, depth > 0, statements, parts, None if watch is None else _times(watch, stage)
        )
        for nest in stage.nests:
            yield from self._levels(nest.stage, nest.item, asked, depth + 1, watch)

    def _part(self, slot: Slot) -> Part:
        rows, paths = slot.rows, tuple(shape.path for shape in slot.objects)
        found = [
            one
            for type_name in rows.entity.types
            for one in self._looked_at(slot.objects, type_name, rows.entity, rows.reader)
        ]
        return Part(rows.entity.name, paths, slot.link is not None, _facts(rows), tuple(found))

    def _looked_at(
        self, shapes: Sequence[ObjectShape], type_name: str, entity: Entity, reader: Reader
    ) -> Iterator[Coordinate]:
        looks = [
            ((*shape.path, key), item.spec)
            for shape in shapes
            for key, item in shape.types.get(type_name, [])
            if isinstance(item, Value | Link | Gathered) and item.spec is not None
        ]
        known = self._outlook(entity, type_name, [spec for _, spec in looks], reader)
        for path, spec in looks:
            yield self._told(type_name, path, spec, known[spec.name])

    def _outlook(
        self, entity: Entity, type_name: str, specs: Sequence[FieldSpec], reader: Reader
    ) -> Mapping[str, Outlook]:
        kind = (reader.vector, reader.person_id is not None, type_name)
        found = {spec.name: self._outlooks.find((kind, spec.name)) for spec in specs}
        fresh = {spec.name: spec for spec in specs if found[spec.name] is None}
        made = outlooks(entity, type_name, list(fresh.values()), reader)
        for name, outlook in made.items():
            self._outlooks.keep((kind, name), outlook, BYTES_PER_OUTLOOK)
        return {name: one for name, one in found.items() if one is not None} | made

    def _told(self, type_name: str, path: Path | None, spec: FieldSpec, outlook: Outlook) -> Coordinate:
        fields = self._catalogue.fields_of_type[type_name]
        name = next(field for field, one in fields.items() if one is spec)
        coordinate = f"{type_name}.{name}"
        return Coordinate(coordinate, path, spec.category, spec.subject, outlook.possible, outlook.complete)

    def by_reference(self, asked: Asked) -> tuple[Level, ...]:
        """One level per kind of row of which the plan has fields: where they stand is known to the resolvers alone."""
        reader, levels = Reader.of(asked.viewer), []
        for entity in dict.fromkeys(self._catalogue.entity_of_type.values()):
            specs = asked.plan.specs(entity)
            if any(specs.values()):
                rows = RowQuery(entity, specs, reader, weighed=asked.plan.weighed_in(entity))
                found = [
                    self._told(type_name, None, spec, known[spec.name])
                    for type_name, of_type in specs.items()
                    for known in [self._outlook(entity, type_name, of_type, reader)]
                    for spec in of_type
                    if spec.name in known
                ]
                part = Part(entity.name, (), False, _facts(rows), tuple(found))
                levels.append(Level(None, 0, True, (_statement("ids", rows.statement()),), (part,)))
        return tuple(levels)

    def explanation(
        self, asked: Asked, points: int, levels: tuple[Level, ...], answered: str, reason: str | None
    ) -> Explanation:
        """All of it, without the time that it took."""
        purpose = asked.viewer.principal.purpose
        return Explanation(answered, reason, POLICY_VERSION, points, purpose, self.arguments(asked), levels)


def _sent(
    stage: Stage, item: Page | Named | Link | Gathered | Keyed, variables: VariableValues, depth: int
) -> Iterator[tuple[str, Select[Any]]]:
    """The statements of a level as a run builds them."""
    records = stage.records
    if isinstance(item, Gathered):
        yield "gathered", records.gathered(item.source)
    elif not isinstance(item, Page):
        yield "ids", records.by_ids()
    else:
        asked = demand_of(item, variables)
        if asked.in_memory:
            yield "ids", records.by_ids()
            return
        if depth and asked.after is None:
            yield "pages", records.pages_under(asked, keyed=item.tells_cursors)
        else:
            after, keyed = asked.after is not None, item.tells_cursors
            yield "page", records.first_page(asked, after=after, keyed=keyed)
        if any(part is None for _, part in item.parts):
            yield ("counts", records.count_under(asked)) if depth else ("count", records.count(asked))


def _statement(rows: str, statement: Select[Any]) -> Statement:
    sql = compiled(statement)
    tables = {one.name for one in iterate(statement) if isinstance(one, Table)}
    return Statement(rows, sql.text, sql.names, tuple(sorted(tables)))


def _facts(rows: RowQuery) -> Facts:
    """By the words that the conditions of decisions use."""
    reaches = reach_of(rows.reader.vector, rows.entity.scope.resource)
    return Facts(
        {f"slot {slot}": reach.name for slot, reach in reaches},
        tuple(name.removeprefix("rel_") for name in rows.asked if name.startswith("rel_")),
        tuple(rows.subjects),
        tuple(rows.persons),
        tuple(name.removeprefix("may_") for name in rows.asked if name.startswith("may_")),
    )


def _times(watch: Watch, stage: Stage) -> Times:
    spent = watch.spent(stage)
    return Times(spent.sql // 1_000, spent.rows // 1_000, spent.projection // 1_000)
