"""Whole answers judged by the oracles: each cell, each link, each list and each mask, wherever they stand in a document. It refuses to believe either executor."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_composite_type,
    visit,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values

from tests.engine.asking import Caller
from tests.engine.counted import KINDS, LINKS, Counts, Group, Told
from tests.engine.documents import listed_masks
from tests.engine.known import PERSONAL_SETS
from tests.engine.listed import Lists, Open
from tests.engine.oracle import FIELDS, Oracle, Seen
from tests.engine.oracle_access import access_of

TYPE, ID = "ofType", "ofRow"
"""The keys under which an identified document asks each row who it is."""
Json = Any
Kind = Any
"""A type of graphql-core, or a field of one."""
Place = tuple[str | int, ...]
Wrong = tuple[Any, ...]
TO_MANY: Final = frozenset({"User.roles", "WorkOrder.assignees", "WorkOrder.signatures"})


class _Identifying(Visitor):
    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info

    def leave_selection_set(self, node: SelectionSetNode, *_: object) -> SelectionSetNode:
        of: Kind = self._info.get_parent_type()
        if not is_composite_type(of) or "id" not in getattr(of, "fields", ()):
            return node
        who = tuple(
            FieldNode(name=NameNode(value=name), alias=NameNode(value=key), directives=(), arguments=())
            for key, name in ((TYPE, "__typename"), (ID, "id"))
        )
        return SelectionSetNode(selections=(*node.selections, *who))


def identified(schema: GraphQLSchema, document: DocumentNode) -> DocumentNode:
    """The document with the type and the id of every row."""
    info = TypeInfo(schema)
    made: DocumentNode = visit(document, TypeInfoVisitor(info, _Identifying(info)))
    return made


def anonymous(data: Json) -> Json:
    """An answer without them."""
    if isinstance(data, dict):
        return {key: anonymous(value) for key, value in data.items() if key not in {TYPE, ID}}
    return [anonymous(one) for one in data] if isinstance(data, list) else data


@dataclass
class Judge:
    """The oracles of one tenant, asked as one viewer about one answer to an identified document."""

    schema: GraphQLSchema
    oracle: Oracle
    lists: Lists
    who: Caller
    now: datetime
    open_id: Open
    """Gives the row of a global id of this tenant, whatever its kind; None for any other text."""
    known: dict[tuple[str, str, UUID, str], Seen | None]
    """What the oracle said of a cell before, by the caller's name."""
    counts: Counts
    wrong: list[Wrong] = field(default_factory=list)
    told: dict[Place, tuple[str, str, str]] = field(default_factory=dict)

    async def judge(
        self, document: DocumentNode, variables: VariableValues, data: Json, masking: Mapping[str, Any]
    ) -> list[Wrong]:
        """Everything that is not as the oracles say."""
        self.operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
        self.fragments = {
            one.name.value: FragmentDetails(one)
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }
        self.variables = variables
        query: Kind = self.schema.query_type
        found = collect_fields(self.schema, self.fragments, variables, query, self.operation)
        for key, nodes in found.grouped_field_set.items():
            await self._field(query, None, (key,), nodes, data[key])
        if not masking.get("truncated"):
            listed = listed_masks(data, masking)
            expected = {place: [told] for place, told in self.told.items()}
            if listed != expected:
                self.wrong.append(("masks", listed, expected))
        return self.wrong

    async def _field(
        self, of: Kind, row: UUID | None, place: Place, nodes: list[FieldDetails], value: Json
    ) -> None:
        name = nodes[0].node.name.value
        if name == "__typename":
            self._expect(place, value, of.name)
            return
        definition = of.fields[name]
        named: Kind = get_named_type(definition.type)
        if row is not None and name in {*FIELDS[of.name][1], *PERSONAL_SETS}:
            await self._cell(of.name, row, name, place, value)
        if name in KINDS and row is None:
            given = self._arguments(definition, nodes)
            told = await self.counts.told(self.who.principal, self.now, name, given)
            await self._figures(named, place, nodes, value, told)
        elif name == "viewerAccess" and row is not None:
            await self._access(of.name, row, place, definition, nodes, value)
        elif named.name.endswith("Connection"):
            await self._connection(f"{of.name}.{name}", row, place, nodes, value)
        elif f"{of.name}.{name}" in TO_MANY and row is not None:
            expected = await self.lists.gathered(self.who.principal, self.now, f"{of.name}.{name}", row)
            self._expect(place, [self.open_id(one[ID]) for one in value], expected)
            await self._rows(named, place, nodes, value)
        elif isinstance(value, list) and is_composite_type(named):
            await self._reached(place, definition, nodes, value)
            await self._rows(named, place, nodes, value)
        elif is_composite_type(named):
            if row is None:
                await self._reached(place, definition, nodes, [value])
            await self._rows(named, place, nodes, value)

    async def _figures(
        self, of: Kind, place: Place, nodes: list[FieldDetails], value: Json, told: Told | Group
    ) -> None:
        """A part of a statistic: each count, what tells groups apart, and the rows that they stand for."""
        inner = collect_subfields(
            self.schema, self.fragments, self.variables, self.operation, of, nodes
        ).grouped_field_set
        self._expect(place, list(value), list(inner))
        for key, found in inner.items():
            name, here = found[0].node.name.value, (*place, key)
            shown = value[key]
            if name == "__typename":
                self._expect(here, shown, of.name)
                continue
            named: Kind = get_named_type(of.fields[name].type)
            if isinstance(told, Group):
                await self._figure(named, here, found, shown, name, told)
            elif name == "groups":
                self._expect(here, len(shown), len(told.groups))
                for at, group in enumerate(told.groups):
                    await self._figures(named, (*here, at), found, shown[at], group)
            elif name == "remainder":
                self._expect(here, shown is None, told.remainder is None)
                if told.remainder is not None:
                    rest = Told((), told.remainder[0], None)
                    await self._figures(named, here, found, shown, rest)
            elif name == "smallestGroup":
                self._expect(here, shown, 5)
            else:
                self._expect(here, shown, told.total)
                if told.total is None:
                    self.told[here] = (f"{of.name}.{name}", "SUPPRESSED_COUNT", "PRIVACY")

    async def _figure(
        self, named: Kind, place: Place, nodes: list[FieldDetails], value: Json, name: str, group: Group
    ) -> None:
        expected = group.figures.get(name)
        if name in LINKS:
            row = None if expected is None else UUID(bytes=expected)
            model = FIELDS["Location" if name == "site" else "User"][0]
            reached = row is not None and await self.oracle.reached(self.who.principal, self.now, model, row)
            reached_row = row if reached is not None and reached is not False else None
            self._expect(place, None if value is None else self.open_id(value[ID]), reached_row)
            await self._rows(named, place, nodes, value)
        elif isinstance(expected, dict):
            inner = collect_subfields(
                self.schema, self.fragments, self.variables, self.operation, named, nodes
            ).grouped_field_set
            known = {**expected, "__typename": named.name}
            self._expect(place, value, {key: known[one[0].node.name.value] for key, one in inner.items()})
        else:
            self._expect(place, value, expected)

    def _arguments(self, definition: Kind, nodes: list[FieldDetails]) -> dict[str, Any]:
        return get_argument_values(definition, nodes[0].node, self.variables)

    async def _reached(
        self, place: Place, definition: Kind, nodes: list[FieldDetails], values: list[Any]
    ) -> None:
        """What root fields name is there exactly when the viewer reaches it."""
        given = self._arguments(definition, nodes)
        texts = given.get("ids") or ([given["id"]] if "id" in given else [])
        for text, value in zip(texts, values, strict=False):
            self._expect(place, None if value is None else value[ID], await self._named(text, definition))

    async def _named(self, text: str, definition: Kind) -> str | None:
        row, kind = self.open_id(text), await self._kind(text)
        wanted = get_named_type(definition.type).name
        if row is None or kind is None or wanted not in {kind, "Node"}:
            return None
        found = await self.oracle.found(self.who.principal, self.now, kind, row)
        return text if found is not None else None

    async def _kind(self, text: str) -> str | None:
        for kind, (model, _) in FIELDS.items():
            row = self.open_id(text, kind)
            if row is not None and await self.oracle.row(model, row) is not None:
                member = kind != "User" or await self.oracle.is_member(row)
                return kind if member else "Contact"
        return None

    async def _rows(self, named: Kind, place: Place, nodes: list[FieldDetails], value: Json) -> None:
        if isinstance(value, list):
            for at, one in enumerate(value):
                await self._rows(named, (*place, at), nodes, one)
        elif value is not None:
            of: Kind = self.schema.type_map[value[TYPE]] if TYPE in value else named
            row = self.open_id(value[ID]) if ID in value else None
            if (
                row is not None
                and await self.oracle.reached(self.who.principal, self.now, FIELDS[of.name][0], row) is None
            ):
                self.wrong.append((place, "not reached", value))
                return
            inner = collect_subfields(
                self.schema, self.fragments, self.variables, self.operation, of, nodes
            ).grouped_field_set
            self._expect(place, list(value), list(inner))
            for key, found in inner.items():
                await self._field(of, row, (*place, key), found, value[key])

    async def _cell(self, of: str, row: UUID, name: str, place: Place, value: Json) -> None:
        key = (self.who.name, of, row, name)
        if key not in self.known:
            self.known[key] = await self.oracle.seen(self.who.principal, self.now, of, row, name)
        seen = self.known[key]
        if seen is None:
            self.wrong.append((place, "not reached", value))
            return
        if isinstance(value, list):
            value = [self.open_id(one[ID]) if isinstance(one, dict) else one for one in value]
        elif isinstance(value, dict):
            value = self.open_id(value[ID])
        self._expect(place, value, seen.value)
        if seen.withheld:
            self.told[place] = (f"{of}.{name}", *seen.withheld)

    async def _access(
        self, of: str, row: UUID, place: Place, definition: Kind, nodes: list[FieldDetails], value: Json
    ) -> None:
        named = get_named_type(definition.type)
        inner = collect_subfields(
            self.schema, self.fragments, self.variables, self.operation, named, nodes
        ).grouped_field_set
        members = {key: found[0].node.name.value for key, found in inner.items()}
        expected = []
        for name in self._arguments(definition, nodes)["fields"]:
            told = await access_of(self.oracle, self.who.principal, self.now, of, row, name)
            known = {} if told is None else {**told, "__typename": named.name}
            expected.append({key: known.get(member) for key, member in members.items()})
        self._expect(place, value, expected)

    def _expect(self, place: Place, value: Json, expected: Json) -> None:
        if value != expected:
            self.wrong.append((place, deepcopy(value), expected))

    async def _connection(
        self, of: str, row: UUID | None, place: Place, nodes: list[FieldDetails], value: Json
    ) -> None:
        type_name, name = of.split(".")
        kind: Kind = self.schema.type_map[type_name]
        given = self._arguments(kind.fields[name], nodes)
        whole = await self.lists.rows(self.who.principal, self.now, of, _wire(given), row)
        connection: Kind = get_named_type(kind.fields[name].type)
        inner = collect_subfields(
            self.schema, self.fragments, self.variables, self.operation, connection, nodes
        ).grouped_field_set
        self._expect(place, list(value), list(inner))
        for key, found in inner.items():
            part = found[0].node.name.value
            here, shown = (*place, key), value[key]
            if part == "__typename":
                self._expect(here, shown, connection.name)
            elif part == "totalCount":
                self._expect(here, shown, len(whole))
            elif part == "nodes":
                self._page(here, given, whole, [self.open_id(one[ID]) for one in shown])
                await self._rows(get_named_type(connection.fields["nodes"].type), here, found, shown)
            else:
                await self._ends(connection.fields[part], here, found, given, whole, shown)

    async def _ends(
        self, part: Kind, place: Place, nodes: list[FieldDetails], given: Json, whole: list[UUID], shown: Json
    ) -> None:
        """Edges or page info."""
        of: Kind = get_named_type(part.type)
        inner = collect_subfields(
            self.schema, self.fragments, self.variables, self.operation, of, nodes
        ).grouped_field_set
        for key, found in inner.items():
            name = found[0].node.name.value
            if name == "node":
                here = [one[key] for one in shown]
                self._page((*place, "*", key), given, whole, [self.open_id(one[ID]) for one in here])
                for at, one in enumerate(here):
                    await self._rows(get_named_type(of.fields["node"].type), (*place, at, key), found, one)
            elif name == "hasNextPage" and given.get("after") is None:
                self._expect((*place, key), shown[key], len(whole) > given["first"])
            elif name == "hasPreviousPage":
                self._expect((*place, key), shown[key], given.get("after") is not None)

    def _page(self, place: Place, given: Mapping[str, Any], whole: list[UUID], rows: list[Any]) -> None:
        """A page is what stands next to each other in the list; the first one is its beginning."""
        begin = whole.index(rows[0]) if given.get("after") is not None and rows and rows[0] in whole else 0
        if rows or given.get("after") is None:
            self._expect(place, rows, whole[begin : begin + given["first"]])


def _wire(given: Mapping[str, Any]) -> dict[str, Any]:
    """Enums by their names."""
    order = given.get("orderBy")
    return {**given, "orderBy": getattr(order, "name", order)}
