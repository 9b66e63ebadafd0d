"""Every filter and sort of locations, assets and work orders reaches an index as the app role, under row level security."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import Executable, Select, func, select, text
from sqlalchemy.dialects import postgresql

from isomod_graphql.assets.models import Asset
from isomod_graphql.assets.reach import ASSET_SCOPE
from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.locations.models import Location
from isomod_graphql.locations.reach import LOCATION_SCOPE
from isomod_graphql.subjects.models import Person
from isomod_graphql.work_orders.models import WorkOrder, WorkOrderAssignee, WorkOrderHistory
from isomod_graphql.work_orders.reach import WORK_ORDER_SCOPE
from isomod_graphql.work_orders.relations import PERSON_SCOPE
from permissions.principals import Role
from tests.people import viewer_of

ROWS = 5_000
FILL = """
WITH ids AS (SELECT i, md5('{tenant}' || 'p' || i)::uuid AS id FROM generate_series(1, 500) i)
INSERT INTO people (tenant_id, id, created_at, updated_at, kind, pseudonym_number)
SELECT '{tenant}', id, now(), now(), 'COLLEAGUE', i FROM ids;
INSERT INTO locations (tenant_id, id, created_at, updated_at, parent_id, site_id, depth, name, name_key, time_zone)
SELECT '{tenant}', md5('{tenant}' || 'l' || i)::uuid, now(), now(), CASE WHEN i > 50 THEN md5('{tenant}' || 'l' || 1 + i % 50)::uuid END,
    md5('{tenant}' || 'l' || CASE WHEN i > 50 THEN 1 + i % 50 ELSE i END)::uuid, (i > 50)::int, 'Place ' || i, 'place ' || i, 'UTC'
FROM generate_series(1, {rows}) i;
INSERT INTO assets (tenant_id, id, created_at, updated_at, location_id, site_id, name, name_key, tag, status, criticality,
    custodian_id, created_by_id, parent_id)
SELECT '{tenant}', md5('{tenant}' || 'a' || i)::uuid, now(), now(), md5('{tenant}' || 'l' || 1 + i % 50)::uuid,
    md5('{tenant}' || 'l' || 1 + i % 50)::uuid, 'Pump ' || i, 'pump ' || i, 'T-' || i,
    (ARRAY['OPERATIONAL', 'DOWN', 'STANDBY', 'RETIRED'])[1 + i % 4], (ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])[1 + i % 4],
    md5('{tenant}' || 'p' || 1 + i % 500)::uuid, md5('{tenant}' || 'p' || 1 + i % 500)::uuid,
    CASE WHEN i > 1000 THEN md5('{tenant}' || 'a' || i % 1000 + 1)::uuid END
FROM generate_series(1, {rows}) i;
INSERT INTO work_orders (tenant_id, id, created_at, updated_at, number, title, description, status, priority, type, asset_id,
    location_id, site_id, assignee_id, requester_id, created_by_id, due_at, started_at)
SELECT '{tenant}', md5('{tenant}' || 'w' || i)::uuid, '2025-01-01Z'::timestamptz + i * interval '1 minute', now(), i, 'Seal ' || i,
    repeat('Check the pump. ', 10), (ARRAY['DRAFT', 'OPEN', 'IN_PROGRESS', 'ON_HOLD', 'CANCELLED'])[1 + i % 5],
    (ARRAY['NONE', 'LOW', 'MEDIUM', 'HIGH', 'URGENT'])[1 + i % 5],
    (ARRAY['CORRECTIVE', 'PREVENTIVE', 'INSPECTION', 'CALIBRATION', 'INSTALLATION'])[1 + i % 5],
    md5('{tenant}' || 'a' || 1 + i * 7 % {rows})::uuid, md5('{tenant}' || 'l' || 1 + i % 50)::uuid,
    md5('{tenant}' || 'l' || 1 + i % 50)::uuid, md5('{tenant}' || 'p' || 1 + i * 13 % 500)::uuid,
    md5('{tenant}' || 'p' || 1 + i * 17 % 500)::uuid, md5('{tenant}' || 'p' || 1 + i * 19 % 500)::uuid,
    '2025-01-01Z'::timestamptz + i * interval '1 hour', now()
FROM generate_series(1, {rows}) i;
INSERT INTO work_order_assignees SELECT tenant_id, id, assignee_id FROM work_orders WHERE tenant_id = '{tenant}';
INSERT INTO work_order_history (tenant_id, id, created_at, updated_at, work_order_id, sequence, at, actor_id, to_status)
SELECT tenant_id, id, now(), now(), id, 1, now(), created_by_id, 'DRAFT' FROM work_orders WHERE tenant_id = '{tenant}';
INSERT INTO teams (tenant_id, id, created_at, updated_at, name, name_key)
SELECT '{tenant}', md5('{tenant}' || 't' || i)::uuid, now(), now(), 'Team ' || i, 'team ' || i FROM generate_series(1, 250) i;
INSERT INTO team_members (tenant_id, team_id, person_id)
SELECT '{tenant}', md5('{tenant}' || 't' || 1 + (i + j * 37) % 250)::uuid, md5('{tenant}' || 'p' || i)::uuid
FROM generate_series(1, 500) i, generate_series(1, 8) j;
"""
FILLED = (
    "people", "locations", "assets", "work_orders", "work_order_assignees", "work_order_history", "teams", "team_members",
)  # fmt: skip
W, A, L, H = WorkOrder, Asset, Location, WorkOrderHistory


def filters(tenant: UUID) -> Iterator[tuple[str, Select[Any]]]:
    """Each filter as the first page of a list in the order of ids, a range in the order of its column."""
    person, place, asset = (
        select(func.md5(f"{tenant}{letter}7").cast(W.id.type)).scalar_subquery() for letter in "pla"
    )
    day = func.make_timestamptz(2025, 1, 3, 0, 0, 0)
    equal: dict[Any, dict[Any, Any]] = {
        W: {
            W.status: "ON_HOLD", W.priority: "URGENT", W.type: "CALIBRATION", W.number: 4711, W.asset_id: asset,
            W.location_id: place, W.site_id: place, W.assignee_id: person, W.requester_id: person,
            W.created_by_id: person, W.completed_by_id: person,
        },
        A: {
            A.tag: "T-9", A.status: "DOWN", A.criticality: "HIGH", A.location_id: place, A.site_id: place,
            A.parent_id: asset, A.custodian_id: person, A.created_by_id: person,
        },
        L: {L.parent_id: place, L.site_id: place},
        H: {H.work_order_id: asset, H.actor_id: person},
        Person: {Person.site_id: place},
        WorkOrderAssignee: {WorkOrderAssignee.person_id: person},
    }  # fmt: skip
    for model, values in equal.items():
        for column, value in values.items():
            page = select(model.tenant_id).where(model.tenant_id == tenant, column == value)
            yield f"{column} = ...", page.order_by(model.__table__.primary_key.columns[1])
    ranges: list[tuple[Any, Any, Any]] = [
        (W.created_at, day, func.make_timestamptz(2025, 1, 4, 0, 0, 0)), (W.due_at, day, None), (W.number, 10, 20),
        (A.name_key, "pump 12", "pump 13"), (L.name_key, "place 12", "place 13"),
    ]  # fmt: skip
    for column, low, high in ranges:
        model = column.class_
        page = select(model.id).where(model.tenant_id == tenant, column >= low)
        yield f"{column} >= ...", (page if high is None else page.where(column < high)).order_by(column)


def sorts(tenant: UUID) -> Iterator[tuple[str, Select[Any]]]:
    """Each sort, up and down, as the first page of a list; ids settle ties."""
    for columns in (
        *((W.number,), (W.created_at,), (W.due_at,), (W.priority_rank, W.number)),
        *((A.name_key,), (A.tag,), (L.name_key,)),
    ):
        keys: list[Any] = [*columns, columns[0].class_.id]
        page = select(columns[0].class_.id).where(columns[0].class_.tenant_id == tenant)
        yield f"order by {keys[0]}", page.order_by(*keys)
        yield f"order by {keys[0]} desc", page.order_by(*(key.desc() for key in keys))


async def plan(store: Store, tenant: UUID, statement: Executable) -> str:
    """The plan that the app role gets, as JSON."""
    compiled: Any = statement
    dialect: Any = postgresql.asyncpg
    sql = compiled.compile(dialect=dialect.dialect(), compile_kwargs={"literal_binds": True})
    async with store.transaction(tenant) as tx:
        found = await tx.value(text("EXPLAIN (FORMAT JSON) " + str(sql).replace(":", r"\:")))
    return json.dumps(found)


@pytest.fixture(scope="module")
async def crowd(urls: Urls) -> UUID:
    """A tenant with thousands of rows, beside another one with as many."""
    store = open_store(Settings(pool_size=2), urls, SettableClock(datetime(2026, 11, 2, tzinfo=UTC)))
    tenants = [new_id(store.clock.now()) for _ in range(2)]
    owner = await asyncpg.connect(urls.main_owner.replace("+asyncpg", ""))
    for tenant in tenants:
        await store.keystore.create_tenant(tenant)
        await owner.execute(f"SET app.tenant_id = '{tenant}'; {FILL.format(tenant=tenant, rows=ROWS)}")
    await owner.execute(f"ANALYZE {', '.join(FILLED)}")
    await owner.close()
    await store.close()
    return tenants[0]


async def test_every_filter_is_the_condition_of_an_index(store: Store, crowd: UUID) -> None:
    """And never a sieve over what an index or the table gave."""
    plans = [(question, await plan(store, crowd, page.limit(51))) for question, page in filters(crowd)]

    assert len(plans) == 30
    assert [named for named in plans if '"Filter"' in named[1] or "Seq Scan" in named[1]] == []


async def test_every_sort_is_the_order_of_an_index(store: Store, crowd: UUID) -> None:
    """Only the ids within equal values are sorted afterwards, where the values are unique."""
    plans = [(question, await plan(store, crowd, page.limit(51))) for question, page in sorts(crowd)]

    assert len(plans) == 14
    assert [
        named
        for named in plans
        if ('"Sort Key"' in named[1] and '"Presorted Key"' not in named[1]) or "Seq Scan" in named[1]
    ] == []


async def test_a_column_without_an_index_would_be_found_out(store: Store, crowd: UUID) -> None:
    mine = select(A.id).where(A.tenant_id == crowd)

    sieved = await plan(store, crowd, mine.where(A.serial_number == "SN").order_by(A.id).limit(51))
    resorted = await plan(store, crowd, mine.order_by(A.serial_number, A.id).limit(51))

    assert '"Filter"' in sieved
    assert '"Sort Key"' in resorted
    assert '"Presorted Key"' not in resorted


async def test_no_row_rule_reads_a_whole_table(
    store: Store, crowd: UUID, owner_eye: asyncpg.Connection
) -> None:
    person = await owner_eye.fetchval("SELECT id FROM people WHERE tenant_id = $1 LIMIT 1", crowd)
    sites = frozenset(
        row["id"]
        for row in await owner_eye.fetch(
            "SELECT id FROM locations WHERE tenant_id = $1 AND parent_id IS NULL ORDER BY id LIMIT 2", crowd
        )
    )
    now = store.clock.now()
    viewers = [
        viewer_of(crowd, person, Role.ADMIN, now=now),
        viewer_of(crowd, person, Role.MANAGER, now=now, sites=sites),
        viewer_of(crowd, person, Role.TECHNICIAN, now=now),
        viewer_of(crowd, person, Role.REQUESTER, now=now),
    ]
    pages = [(WORK_ORDER_SCOPE, W.number), (ASSET_SCOPE, A.name_key), (LOCATION_SCOPE, L.name_key)]

    scanned = []
    for viewer in viewers:
        for scope, column in pages:
            model: Any = scope.model
            rows = select(model.id).where(model.tenant_id == crowd, scope.reachable(viewer))
            if "Seq Scan" in await plan(store, crowd, rows.order_by(column, model.id).limit(51)):
                scanned.append((viewer.principal.grants, scope.resource))

    assert scanned == []


async def test_no_tie_between_people_reads_every_order(
    store: Store, crowd: UUID, owner_eye: asyncpg.Connection
) -> None:
    person = await owner_eye.fetchval("SELECT id FROM people WHERE tenant_id = $1 LIMIT 1", crowd)
    ties = dict(PERSON_SCOPE.relations or {})
    predicates = [PERSON_SCOPE.assigned, *ties.values()]

    plans = [
        await plan(
            store,
            crowd,
            select(Person.id, predicate(person))
            .where(Person.tenant_id == crowd)
            .order_by(Person.id)
            .limit(51),
        )
        for predicate in predicates
        if predicate is not None
    ]

    assert len(plans) == 6
    assert [found for found in plans if "Seq Scan" in found] == []
