"""Declared lists: what each criterion asks, what it binds, and that no value of a caller is ever in a text of SQL."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import strawberry
from sqlalchemy import BindParameter, Column, DateTime, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql import visitors
from strawberry.schema.config import StrawberryConfig

from isomod_graphql.engine.catalogue import UndeclaredList, build_catalogue
from isomod_graphql.engine.classified import reveals, tells
from isomod_graphql.engine.listing import (
    LISTING,
    Between,
    Criterion,
    Equal,
    InMemory,
    Listing,
    OneOf,
    Prefix,
    Reference,
    Sort,
    demand,
)
from isomod_graphql.engine.readers import Reader, binds_of
from isomod_graphql.work_orders.rules import WorkOrderStatus
from permissions.categories import Category
from permissions.principals import Role
from permissions.reach import Resource
from schema.entities import LOCATION, PERSON, WORK_ORDER
from schema.people_lists import USERS, ids_by_name
from schema.relay import Connection
from schema.scalars import SCALARS, PageSize
from schema.work_order_lists import WORK_ORDERS, WorkOrderFilter, WorkOrderOrder
from tests.engine.arguments import Asked, asked
from tests.engine.graph import built
from tests.people import viewer_of

DIALECT: Any = dialect
SOME = Listing(
    "Query.some",
    lambda: WORK_ORDER,
    {"NUMBER": Sort(Column("number", Integer)), "LAST": Sort(Column("number", Integer), descending=True)},
    {
        "number": Equal(Column("number", Integer)),
        "status": OneOf(Column("status", Text)),
        "site_id": Reference(Column("site_id", Uuid), lambda: LOCATION),
        "due_at": Between(Column("due_at", DateTime(timezone=True))),
        "name_prefix": Prefix(Column("name_key", Text)),
    },
)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
VIEWER = viewer_of(UUID(int=1), UUID(int=2), Role.VIEWER, now=NOON, sites=frozenset({UUID(int=3)}))
READER = Reader.of(VIEWER)
BOUND = binds_of(VIEWER)
"""What a statement takes from who asks."""


def text_of(*predicates: Any) -> str:  # noqa: ANN401  SQL
    """As the driver is sent it."""
    return " AND ".join(str(one.compile(dialect=DIALECT())) for one in predicates)


@pytest.mark.parametrize(
    ("given", "sql"),
    [
        ({"number": 7}, "number = $1::INTEGER"),
        ({"status": ["OPEN", "DRAFT"]}, "status = ANY ($1::TEXT[])"),
        ({"status": []}, "status = ANY ($1::TEXT[])"),
        ({"due_at": {"gte": NOON}}, "due_at >= $1::TIMESTAMP WITH TIME ZONE"),
        ({"due_at": {"lt": NOON}}, "due_at < $1::TIMESTAMP WITH TIME ZONE"),
        ({"name_prefix": "Ga"}, "name_key >= $1::VARCHAR AND name_key < $1::VARCHAR"),
    ],
)
def test_each_criterion_is_a_comparison_with_parameters(given: dict[str, Any], sql: str) -> None:
    assert text_of(*demand(SOME, first=1, given=given).predicates(READER)) == sql


def test_a_row_is_named_by_whoever_reaches_it() -> None:
    """The second predicate speaks of no listed row: it is asked once per statement."""
    compared, reached = demand(SOME, first=1, given={"site_id": "x"}).predicates(READER)

    assert text_of(compared) == "site_id = $1::UUID"
    assert " ".join(text_of(reached).split()) == (
        "EXISTS (SELECT 1 FROM locations WHERE locations.tenant_id = $1::UUID AND locations.id = $2::UUID "
        "AND locations.site_id = ANY ($3::UUID[]))"
    )


def test_what_is_absent_filters_nothing() -> None:
    nothing = dict.fromkeys(SOME.criteria)
    asks = [
        demand(SOME, first=1, given=given)
        for given in (None, {}, nothing, {"name_prefix": ""}, {"name_prefix": "  "})
    ]

    assert [ask.predicates(READER) for ask in asks] == [()] * 5
    assert {ask.spelled for ask in asks} == {b'["Query.some",{"filter":{},"order":"NUMBER"}]'}
    assert len({ask.key for ask in asks}) == 1


def test_equal_structure_is_an_equal_key_whatever_the_values() -> None:
    def key(**given: Any) -> object:  # noqa: ANN401  values of a filter
        return demand(SOME, first=1, given=given).key

    assert key(number=1) == key(number=2)
    assert key(status=["OPEN"]) == key(status=["DRAFT", "OPEN"]) == key(status=[])
    assert key(due_at={"gte": NOON}) == key(due_at={"gte": NOON + timedelta(1)})
    assert (
        len({key(), key(number=1), key(status=[]), key(due_at={"gte": NOON}), key(due_at={"lt": NOON})}) == 5
    )
    assert key() != demand(SOME, first=1, order_by="LAST").key


def test_a_cursor_is_bound_to_what_is_asked_and_not_to_how_it_is_spelled() -> None:
    def spelled(given: object) -> bytes:
        return demand(WORK_ORDERS, first=1, given=given, order_by=WorkOrderOrder.NUMBER_ASC).spelled

    one = WorkOrderFilter(status=[WorkOrderStatus.OPEN, WorkOrderStatus.DRAFT])
    same = {"status": ["DRAFT", "OPEN", "OPEN"]}

    assert spelled(one) == spelled(same) != spelled({"status": ["DRAFT"]})
    assert spelled({"number": 1}) != spelled({"number": 2})
    assert demand(SOME, first=1, given={"name_prefix": "Gänt "}).shape["filter"] == {"name_prefix": "gant"}


def test_the_first_sort_is_meant_where_there_is_no_choice() -> None:
    assert (demand(SOME, first=1).order, demand(SOME, first=1, order_by="LAST").order) == ("NUMBER", "LAST")


@pytest.mark.parametrize(
    ("order", "given", "in_memory"),
    [
        ("PSEUDONYM_ASC", {}, False),
        ("PSEUDONYM_ASC", {"email": "a@b.example"}, False),
        ("PSEUDONYM_ASC", {"name_prefix": " "}, False),
        ("PSEUDONYM_ASC", {"name_prefix": "a"}, True),
        ("NAME_DESC", {}, True),
    ],
)
def test_only_names_are_put_in_order_in_memory(order: str, given: dict[str, str], in_memory: bool) -> None:
    assert demand(USERS, first=1, given=given, order_by=order).in_memory is in_memory


FILTERS = [one for one in asked() if not one.enum]


@pytest.mark.parametrize("one", FILTERS, ids=[one.name for one in FILTERS])
def test_no_filter_of_any_list_has_a_value_while_its_statement_is_built(one: Asked) -> None:
    """Names are compared in memory; everything else takes the caller's value from a parameter of its own."""
    _, core, catalogue = built()
    listing = catalogue.listings[(one.place.type_name, one.place.field)]
    field = core.type_map[one.place.input_type].fields[one.member]
    name = field.extensions["strawberry-definition"].python_name
    value = {"gte": NOON, "lt": NOON} if str(field.type).endswith("Range") else "p"

    asks = demand(listing, first=1, given={name: value}).predicates(READER)[len(listing.always) :]

    parts = [part for ask in asks for part in visitors.iterate(ask) if isinstance(part, BindParameter)]
    found = [part for part in parts if part.key not in BOUND]
    assert {part.required for part in parts} == ({True} if parts else set())
    assert all(part.key.startswith(f"where_{name}") for part in found)
    assert len({part.key for part in found}) == len(found) - isinstance(listing.criteria[name], Reference)
    assert bool(found) is not (listing is USERS and name in {"name_prefix", "search"})


def test_every_connection_has_a_listing_and_every_other_set_a_source() -> None:
    _, _, catalogue = built()

    assert {".".join(of): listing.name for of, listing in catalogue.listings.items()} == {
        name: name
        for name in (
            "Query.users", "Query.locations", "Query.assets", "Query.workOrders", "Location.children",
            "Query.teams", "Query.myAccessLog", "Query.accessRecords", "Location.assets", "Asset.children", "Asset.workOrders", "WorkOrder.history",
        )
    }  # fmt: skip
    assert {".".join(of): type(source).__name__ for of, source in catalogue.sources.items()} == {
        "Query.viewer": "TheViewer", "Query.node": "AnyNode", "Query.nodes": "AnyNodes", "Query.user": "ById",
        "Query.location": "ById", "Query.asset": "ById", "Query.workOrder": "ById", "User.roles": "Children",
        "WorkOrder.assignees": "Through", "WorkOrder.signatures": "Children",
        "Query.team": "ById", "User.teams": "Through", "Contact.teams": "Through",
        "Query.workOrderStatistics": "Statistics", "Query.assetStatistics": "Statistics",
        "Subscription.workOrderChanged": "Told", "Subscription.assetChanged": "Told",
        "Subscription.locationChanged": "Told",
    }  # fmt: skip


@tells({Category.EQUIPMENT: "name"})
@strawberry.type
class Thing:
    """Something that is listed."""

    name: str


@reveals(Resource.ASSET, {Category.EQUIPMENT: "number"})
@strawberry.input
class ThingFilter:
    """By its number."""

    number: int | None = None


@reveals(Resource.WORK_ORDER, {Category.OPERATIONAL: "assignee_id"})
@strawberry.input
class NamingFilter:
    """By somebody."""

    assignee_id: strawberry.ID | None = None


def served(listing: Listing | None, taken: type = ThingFilter) -> Any:  # noqa: ANN401  the catalogue
    """A schema with one list, at `Query.things`, that takes this filter and has no choice of sorts."""

    def things(first: PageSize, filter: Any = None) -> Any:  # noqa: A002, ANN401  the graph's names
        return None

    things.__annotations__["filter"] = taken | None
    things.__annotations__["return"] = Connection[Thing]
    field = strawberry.field(things, metadata={} if listing is None else {LISTING: listing})
    query = strawberry.type(type("Query", (), {"things": field}))
    return build_catalogue(
        strawberry.Schema(query=query, config=StrawberryConfig(scalar_map=SCALARS))._schema, ()
    )


NUMBER = Column("number", Integer)
THINGS = Listing("Query.things", lambda: WORK_ORDER, {"ONLY": Sort(NUMBER)}, {"number": Equal(NUMBER)})


@pytest.mark.parametrize(
    "listing",
    [
        None,
        replace(THINGS, name="Query.others"),
        replace(THINGS, criteria={}),
        replace(THINGS, criteria={**THINGS.criteria, "colour": Equal(NUMBER)}),
        replace(THINGS, under=NUMBER),
        replace(THINGS, in_memory=InMemory(frozenset({"NAME"}), frozenset(), ids_by_name)),
    ],
)
def test_a_connection_whose_listing_is_not_its_own_is_not_served(listing: Listing | None) -> None:
    with pytest.raises(UndeclaredList):
        served(listing)

    assert served(THINGS).listings == {("Query", "things"): THINGS}


LEAD = WORK_ORDERS.criteria["assignee_id"]


@pytest.mark.parametrize(
    ("criterion", "why"),
    [
        (Equal(Column("assignee_id", Uuid)), "does not say what kind of row its filter names"),
        (replace(LEAD, entity=lambda: LOCATION), "names another kind of row than the link assignee shows"),  # type: ignore[type-var]
    ],
)
def test_a_filter_by_an_id_says_what_it_names_and_agrees_with_the_link(
    criterion: Criterion, why: str
) -> None:
    def naming(one: Criterion) -> Listing:
        return replace(THINGS, criteria={"assignee_id": one})

    with pytest.raises(UndeclaredList, match=why):
        served(naming(criterion), NamingFilter)

    assert served(naming(LEAD), NamingFilter).referred == {"NamingFilter": {"assigneeId": PERSON}}
