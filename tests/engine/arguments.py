"""Every argument of the graph that tells something about rows, found in the schema, with a value for each; and a count of the statements that reach the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, get_named_type, is_list_type
from sqlalchemy import event

from isomod_graphql.core.store import Store
from permissions.categories import Category
from permissions.reach import Resource
from tests.engine.graph import built


class Place(NamedTuple):
    """An argument whose type says what it reveals."""

    type_name: str
    field: str
    argument: str
    input_type: str


class Asked(NamedTuple):
    """One filter field or one sort, where it can be asked for, and what it reveals."""

    place: Place
    member: str
    category: Category
    resource: Resource
    enum: bool

    @property
    def name(self) -> str:
        """Such as "Query.users orderBy NAME_ASC"."""
        return f"{self.place.type_name}.{self.place.field} {self.place.argument} {self.member}"


def places(*, followed: bool = False) -> Iterator[Place]:
    """Where governed types are arguments of lists; `followed`: of subscriptions, which take the filters of lists.

    Statistics have proofs of their own.
    """
    _, core, catalogue = built()
    for kind in core.type_map.values():
        rooted = kind is core.subscription_type
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__") and rooted is followed:
            for name, one in kind.fields.items():
                if not rooted and "pageInfo" not in getattr(get_named_type(one.type), "fields", {}):
                    continue
                for argument, given in one.args.items():
                    if (named := get_named_type(given.type).name) in catalogue.governed_inputs:
                        yield Place(kind.name, name, argument, named)


def asked(*, followed: bool = False) -> Iterator[Asked]:
    """Each filter field and each sort at each of its places."""
    _, core, catalogue = built()
    for place in places(followed=followed):
        kind: Any = core.type_map[place.input_type]
        rule = catalogue.governed_inputs[place.input_type]
        enum = isinstance(kind, GraphQLEnumType)
        for member in kind.values if enum else kind.fields:
            yield Asked(place, member, rule.fields[member], rule.resource, enum)


def literal(one: Asked, ids: dict[str, str]) -> str:
    """A value as it stands in a document; `ids` are ids by the name of the field that takes them."""
    if one.enum:
        return one.member
    kind: Any = built()[1].type_map[one.place.input_type]
    return f"{{{one.member}: {_value(kind.fields[one.member].type, ids.get(one.member, ''))}}}"


def _value(kind: Any, global_id: str) -> str:  # noqa: ANN401  a GraphQL type
    named = get_named_type(kind)
    if named.name == "DateRange":
        return '{gte: "2026-01-01", lt: "2027-01-01"}'
    if isinstance(named, GraphQLInputObjectType):
        return '{gte: "2026-01-01T00:00:00Z", lt: "2027-01-01T00:00:00Z"}'
    if isinstance(named, GraphQLEnumType):
        value = next(iter(named.values))
        return f"[{value}]" if is_list_type(kind) else value
    # A search that finds much of a table is one that reading it all may answer sooner.
    known = {"ID": f'"{global_id}"', "Int": "1", "EmailAddress": '"ada@acme.example"', "SearchText": '"777"'}
    return known.get(named.name, '"p"')


def document(place: Place, argument: str, more: str = "first: 5", chosen: str = "nodes { id }") -> str:
    """A query that asks this field with this argument; a nested one hangs on the node `$id`."""
    asking = f"{place.field}({more}, {argument}) {{ {chosen} }}"
    if place.type_name == "Query":
        return f"query {{ {asking} }}"
    return f"query ($id: ID!) {{ node(id: $id) {{ ... on {place.type_name} {{ {asking} }} }} }}"


@dataclass
class Statements:
    """What reached the main database."""

    texts: list[tuple[str, Any]] = field(default_factory=list)


@contextmanager
def statements(store: Store) -> Iterator[Statements]:
    """Notes every statement while it lasts."""
    seen = Statements()

    def note(_connection: object, _cursor: object, text: str, parameters: Any, *_more: object) -> None:  # noqa: ANN401  the driver's
        seen.texts.append((text, parameters))

    engine = store.main.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
