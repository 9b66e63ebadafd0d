"""Every coordinate of the graph is classified once; a new one that is not keeps the schema from being built."""

import ast
from collections.abc import AsyncIterator, Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
)

from isomod_graphql.core.columns import UnclassifiedColumn
from isomod_graphql.engine.classified import NEEDS, rule_of, tells, writes
from isomod_graphql.engine.coverage import classification
from isomod_graphql.engine.entities import shows
from isomod_graphql.engine.export_columns import ListColumns
from isomod_graphql.engine.readers import Reader
from permissions.categories import Category
from permissions.grants import Action
from permissions.principals import Role
from tests.conftest import START
from tests.engine.graph import built
from tests.people import viewer_of

SOURCES = Path(__file__).parents[2]
PRODUCT = ("schema", "isomod_graphql", "permissions")
DECORATORS = frozenset({"type", "input", "interface", "graph_type"})
TABLE_WRITERS = frozenset({"csv", "openpyxl", "xlsxwriter", "reportlab", "weasyprint", "pandas"})
"""Libraries with which a list leaves the product as a file."""


def coordinates() -> Iterator[str]:
    """Everything that a client can name, counted without the code that classifies."""
    core = built()[1]
    for kind in core.type_map.values():
        if kind.name.startswith("__"):
            continue
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                yield f"{kind.name}.{name}"
                yield from (f"{kind.name}.{name}({argument}:)" for argument in field.args)
        elif isinstance(kind, GraphQLInputObjectType):
            yield from (f"{kind.name}.{name}" for name in kind.fields)
        elif isinstance(kind, GraphQLEnumType) and kind.name.endswith(("Order", "Dimension")):
            yield from (f"{kind.name}.{name}" for name in kind.values)


def test_every_field_input_field_argument_and_sort_is_classified() -> None:
    found = built()[2].classified

    assert set(found) == set(coordinates())
    assert len(found) > 500


def test_every_sort_is_an_enum_with_the_name_of_one() -> None:
    core = built()[1]
    sorts = {
        get_named_type(field.args["orderBy"].type).name
        for kind in core.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for field in kind.fields.values()
        if "orderBy" in field.args
    }

    assert sorts == {name for name in core.type_map if name.endswith("Order") and name != "WorkOrder"}


def test_the_class_of_a_coordinate_of_each_kind() -> None:
    found = built()[2].classified

    assert {
        "User.email": found["User.email"],
        "Session.userAgent": found["Session.userAgent"],
        "TokenPayload.secret": found["TokenPayload.secret"],
        "Query.users": found["Query.users"],
        "Query.users(filter:)": found["Query.users(filter:)"],
        "Query.apiTokens": found["Query.apiTokens"],
        "UserOrder.NAME_ASC": found["UserOrder.NAME_ASC"],
        "UserFilter.email": found["UserFilter.email"],
        "Mutation.moveAsset": found["Mutation.moveAsset"],
        "UpdateAssetInput.description": found["UpdateAssetInput.description"],
    } == {
        "User.email": "CONTACT",
        "Session.userAgent": "DEVICE",
        "TokenPayload.secret": "CREDENTIAL",
        "Query.users": "rows of listing",
        "Query.users(filter:)": "reveals",
        "Query.apiTokens": "TOKEN_REVOKE",
        "UserOrder.NAME_ASC": "IDENTITY",
        "UserFilter.email": "CONTACT",
        "Mutation.moveAsset": "ASSET_UPDATE",
        "UpdateAssetInput.description": "NOTES",
    }


def graph_types(path: Path) -> Iterator[str]:
    """The classes of a file that become types of the graph."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            called = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
            names = {getattr(one, "attr", getattr(one, "id", "")) for one in called}
            if names & DECORATORS:
                yield node.name


def test_every_type_of_the_source_stands_in_the_graph_or_lends_its_fields() -> None:
    """A type that is declared and not reached would be classified by nobody."""
    core = built()[1]
    declared = {name for path in sorted((SOURCES / "schema").rglob("*.py")) for name in graph_types(path)}
    generic = {"Connection", "Edge"}
    lending = {"Step"} | {name for name in declared if name.endswith(("Changes", "Queries", "Steps"))}

    assert declared - generic - lending - set(core.type_map) == set()
    assert lending - declared == set()


def modules_of(path: Path) -> Iterator[str]:
    """The top of every module that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name.split(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def test_nothing_but_exports_writes_tables() -> None:
    found = {
        str(path.relative_to(SOURCES))
        for room in PRODUCT
        for path in sorted((SOURCES / room).rglob("*.py"))
        if TABLE_WRITERS & set(modules_of(path))
    }

    assert found == {"isomod_graphql/web/sheets.py"}


def test_every_column_of_an_export_is_a_field_of_the_graph_with_its_class() -> None:
    _, core, catalogue = built()
    reader = Reader.of(viewer_of(UUID(int=1), UUID(int=2), Role.ADMIN, now=START))
    lists = [
        ListColumns.of(core, catalogue, reader, name) for of, name in catalogue.listings if of == "Query"
    ]

    steps = [step for one in lists for column in one._offered() for step in one._steps(column)]
    columns = {
        f"{of}.{name}"
        for of, spec in steps
        for name, known in catalogue.fields_of_type[of].items()
        if known is spec
    }

    assert {"User.phone", "WorkOrder.title", "Contact.displayName", "Asset.tag"} <= columns
    assert columns - catalogue.classified.keys() == set()


def test_the_fields_of_the_subscription_are_roots_with_a_source_and_governed_arguments() -> None:
    found = {at: of for at, of in built()[2].classified.items() if at.startswith("Subscription.")}

    assert found == {
        at: of
        for name in ("workOrderChanged", "assetChanged", "locationChanged")
        for at, of in (
            (f"Subscription.{name}", "rows of source"), (f"Subscription.{name}(id:)", "ID"),
            (f"Subscription.{name}(filter:)", "reveals"),
        )
    }  # fmt: skip


Name = Annotated[str, strawberry.argument(description="Somebody.")]


def a_schema(**roots: Callable[..., Any]) -> Any:  # noqa: ANN401  graphql-core's schema
    """A schema of these root fields, classified but for what a test makes of them."""
    query = type(
        "Query", (), {"hello": strawberry.field(_hello, metadata={NEEDS: Action.POLICY_READ}), **roots}
    )
    return strawberry.Schema(query=strawberry.type(query))._schema


def _hello() -> str:
    return "hello"


@strawberry.type
class Silent:
    """Says nothing of its field."""

    name: str


@tells({Category.OPERATIONAL: "name"})
@strawberry.type
class Grown:
    """Got a field that its declaration does not know."""

    name: str
    nickname: str | None = None


@tells({Category.IDENTITY: "name"})
@strawberry.type
class Doubled:
    """Says of its field what the field says of itself."""

    name: str = shows(Category.OPERATIONAL)


@tells({Category.OPERATIONAL: "name surname"})
@strawberry.type
class Shrunk:
    """Speaks of a field that it lost."""

    name: str


@strawberry.enum
class SilentOrder(Enum):
    """A sort that says nothing of what it reveals."""

    NAME_ASC = "NAME_ASC"


@strawberry.input
class SilentFilter:
    """A filter that says nothing of what it reveals."""

    name: str | None = None


@writes(Action.USER_UPDATE, {Category.IDENTITY: "name"})
@strawberry.input
class GrownInput:
    """Got a field that its declaration does not know."""

    name: str
    role: str | None = None


def _silent() -> Silent:
    return Silent(name="")


def _grown() -> Grown:
    return Grown(name="")


def _doubled() -> Doubled:
    return Doubled(name="")


def _shrunk() -> Shrunk:
    return Shrunk(name="")


def _searched(search: Name) -> str:
    return search


def _sorted(order_by: SilentOrder) -> str:
    return order_by.value


def _filtered(filter: SilentFilter) -> str:  # noqa: A002  the argument's name in the graph
    return filter.name or ""


def _renamed(input: GrownInput) -> str:  # noqa: A002  the argument's name in the graph
    return input.name


NEW: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
    "a root field": (_hello, {}, "Query.new (nothing)"),
    "a field of a payload": (_silent, {NEEDS: Action.POLICY_READ}, "Silent.name (nothing)"),
    "another field of a payload": (_grown, {NEEDS: Action.POLICY_READ}, "Grown.nickname (nothing)"),
    "a field that is classified twice": (
        _doubled,
        {NEEDS: Action.POLICY_READ},
        "Doubled.name (IDENTITY and OPERATIONAL)",
    ),
    "an argument": (_searched, {NEEDS: Action.POLICY_READ}, "Query.new(search:) (nothing)"),
    "a sort": (_sorted, {NEEDS: Action.POLICY_READ}, "Query.new(orderBy:) (nothing), SilentOrder.NAME_ASC (nothing)"),
    "a filter": (_filtered, {NEEDS: Action.POLICY_READ}, "Query.new(filter:) (nothing), SilentFilter.name (nothing)"),
    "an input field": (_renamed, {}, "GrownInput.role (nothing)"),
    "a root field that needs two things": (
        _renamed,
        {NEEDS: Action.USER_INVITE},
        "GrownInput.role (nothing), Query.new (USER_INVITE and USER_UPDATE)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NEW)
def test_what_is_new_and_not_classified_once_is_not_built(name: str) -> None:
    resolver, metadata, wrong = NEW[name]

    with pytest.raises(UnclassifiedColumn) as refused:
        classification(a_schema(new=strawberry.field(resolver, metadata=metadata)))

    assert str(refused.value) == f"not classified exactly once: {wrong}"


@strawberry.type
class Feed:
    """What is subscribed to."""

    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[str]:
        """Says nothing of what it needs."""
        yield "tick"


def test_a_subscription_that_is_not_classified_is_not_built() -> None:
    hello = strawberry.field(_hello, metadata={NEEDS: Action.POLICY_READ})
    query = strawberry.type(type("Query", (), {"hello": hello}))

    with pytest.raises(UnclassifiedColumn) as refused:
        classification(strawberry.Schema(query=query, subscription=Feed)._schema)

    assert str(refused.value) == "not classified exactly once: Feed.ticks (nothing)"


def test_a_declaration_that_speaks_of_a_lost_field_is_refused() -> None:
    with pytest.raises(UnclassifiedColumn) as refused:
        classification(a_schema(new=strawberry.field(_shrunk, metadata={NEEDS: Action.POLICY_READ})))

    assert str(refused.value) == "Shrunk has no surname"


def test_a_name_stands_under_one_category_only_and_a_class_is_classified_once() -> None:
    with pytest.raises(UnclassifiedColumn):
        tells({Category.IDENTITY: "name", Category.CONTACT: "email name"})
    with pytest.raises(UnclassifiedColumn):
        tells({Category.IDENTITY: "name"})(Grown)

    assert rule_of(type("Heir", (Grown,), {})) is None


def test_what_is_classified_is_built() -> None:
    found = classification(a_schema())

    assert found == {"Query.hello": "POLICY_READ"}
