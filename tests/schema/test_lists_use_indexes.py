"""EXPLAIN as the app role, of the statements that the graph really sends: no filter and no sort of any list reads a large table from end to end."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.reading import Reading
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from permissions.principals import Role
from tests.conftest import START
from tests.engine.arguments import Asked, asked, document, literal, statements
from tests.engine.asking import Ask, Below, Caller
from tests.engine.graph import built, execution_of
from tests.people import principal_of

ORDERS, ASSETS, PLACES, PEOPLE = 20_000, 5_000, 1_000, 2_000
LARGE = {
    "work_orders", "assets", "locations", "people", "work_order_assignees", "work_order_history", "teams", "team_members",
    "access_days_2026_11", "search_words",
}  # fmt: skip
FILL = """
INSERT INTO people (tenant_id, id, created_at, updated_at, kind, pseudonym_number, site_id)
SELECT '{t}', md5('{t}p' || i)::uuid, now(), now(), (ARRAY['TECHNICIAN', 'REQUESTER', 'COLLEAGUE', 'CONTACT'])[1 + i % 4], i, NULL
FROM generate_series(1, {people}) i;
INSERT INTO users (tenant_id, id, created_at, updated_at, status, access_since)
SELECT '{t}', md5('{t}p' || i)::uuid, now(), now(), 'INVITED', now() FROM generate_series(1, {people}) i WHERE i % 4 < 3;
INSERT INTO locations (tenant_id, id, created_at, updated_at, parent_id, site_id, depth, name, name_key, time_zone)
SELECT '{t}', md5('{t}l' || i)::uuid, now(), now(), CASE WHEN i > 20 THEN md5('{t}l' || 1 + i % 20)::uuid END,
    md5('{t}l' || CASE WHEN i > 20 THEN 1 + i % 20 ELSE i END)::uuid, (i > 20)::int, 'Place ' || i, 'place ' || i, 'UTC'
FROM generate_series(1, {places}) i;
UPDATE people SET site_id = md5('{t}l' || 1 + pseudonym_number % 20)::uuid WHERE tenant_id = '{t}';
INSERT INTO assets (tenant_id, id, created_at, updated_at, location_id, site_id, name, name_key, tag, status, criticality,
    custodian_id, created_by_id, parent_id)
SELECT '{t}', md5('{t}a' || i)::uuid, now(), now(), md5('{t}l' || 1 + i % 20)::uuid, md5('{t}l' || 1 + i % 20)::uuid,
    'Pump ' || i, 'pump ' || i, 'T-' || i, (ARRAY['OPERATIONAL', 'DOWN', 'STANDBY', 'RETIRED'])[1 + i % 4],
    (ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])[1 + i % 4], md5('{t}p' || 1 + i % {people})::uuid,
    md5('{t}p' || 1 + i % {people})::uuid, CASE WHEN i > 1000 THEN md5('{t}a' || i % 1000 + 1)::uuid END
FROM generate_series(1, {assets}) i;
INSERT INTO work_orders (tenant_id, id, created_at, updated_at, number, title, description, status, priority, type, asset_id,
    location_id, site_id, assignee_id, requester_id, created_by_id, due_at, started_at)
SELECT '{t}', md5('{t}w' || i)::uuid, '2026-01-01Z'::timestamptz + i * interval '1 minute', now(), i, 'Seal ' || i,
    repeat('Check the pump. ', 10), (ARRAY['DRAFT', 'OPEN', 'IN_PROGRESS', 'ON_HOLD', 'CANCELLED'])[1 + i % 5],
    (ARRAY['NONE', 'LOW', 'MEDIUM', 'HIGH', 'URGENT'])[1 + i % 5],
    (ARRAY['CORRECTIVE', 'PREVENTIVE', 'INSPECTION', 'CALIBRATION', 'INSTALLATION'])[1 + i % 5],
    md5('{t}a' || 1 + i * 7 % {assets})::uuid, md5('{t}l' || 1 + i % 20)::uuid, md5('{t}l' || 1 + i % 20)::uuid,
    md5('{t}p' || 1 + i * 13 % {people})::uuid, md5('{t}p' || 1 + i * 17 % {people})::uuid,
    md5('{t}p' || 1 + i * 19 % {people})::uuid,
    CASE WHEN i % 3 > 0 THEN '2026-01-01Z'::timestamptz + i * interval '1 hour' END, now()
FROM generate_series(1, {orders}) i;
INSERT INTO work_order_assignees (tenant_id, work_order_id, person_id)
SELECT tenant_id, id, assignee_id FROM work_orders WHERE tenant_id = '{t}';
INSERT INTO work_order_history (tenant_id, id, created_at, updated_at, work_order_id, sequence, at, actor_id, to_status)
SELECT tenant_id, id, now(), now(), id, 1, now(), created_by_id, 'DRAFT' FROM work_orders WHERE tenant_id = '{t}';
INSERT INTO search_words (tenant_id, kind, word, row_id)
SELECT tenant_id, 'work_orders', word, id FROM work_orders, unnest(ARRAY['seal', number::text]) word WHERE tenant_id = '{t}';
INSERT INTO search_words (tenant_id, kind, word, row_id)
SELECT tenant_id, 'assets', word, id FROM assets, unnest(string_to_array(name_key, ' ')) word WHERE tenant_id = '{t}';
INSERT INTO search_words (tenant_id, kind, word, row_id)
SELECT tenant_id, 'locations', word, id FROM locations, unnest(string_to_array(name_key, ' ')) word WHERE tenant_id = '{t}';
INSERT INTO teams (tenant_id, id, created_at, updated_at, name, name_key)
SELECT '{t}', md5('{t}t' || i)::uuid, now(), now(), 'Team ' || i, 'team ' || i FROM generate_series(1, {people}) i;
INSERT INTO team_members (tenant_id, team_id, person_id)
SELECT '{t}', md5('{t}t' || 1 + (i + j * 37) % {people})::uuid, md5('{t}p' || i)::uuid
FROM generate_series(1, {people}) i, generate_series(1, 4) j;
INSERT INTO access_days (tenant_id, subject_id, day, viewer_id, viewer_kind, purpose, categories, count)
SELECT '{t}', md5('{t}p' || i)::uuid, '2026-11-01'::date + j, md5('{t}p' || 1 + (i * 7 + j) % {people})::uuid, 'PERSON',
    (ARRAY['SERVICE', 'NOTIFY'])[1 + j % 2], 1 + i % 3, 1
FROM generate_series(1, {people}) i, generate_series(0, 9) j;
"""
ROLES = (Role.ADMIN, Role.MANAGER, Role.TECHNICIAN, Role.REQUESTER, Role.PRIVACY_OFFICER)


@dataclass(frozen=True)
class Crowd:
    """A tenant with thousands of rows beside another; ids of a few."""

    store: Store
    tenant: UUID
    ids: dict[str, str]
    site: UUID
    person: UUID

    def caller(self, role: Role) -> Caller:
        """Somebody with orders; a manager has two sites."""
        sites = frozenset({self.site}) if role is Role.MANAGER else None
        now = self.store.clock.now()
        return Caller(role.value, principal_of(self.tenant, self.person, role, now=now, sites=sites))


@pytest.fixture(scope="module")
async def crowd(urls: Urls) -> AsyncIterator[Crowd]:
    """Filled by the app role, under row level security, as the product would."""
    patient = Settings(pool_size=4, statement_timeout_ms=120_000, idle_in_transaction_timeout_ms=120_000)
    store = open_store(patient, urls, SettableClock(START))
    tenants = [new_id(START) for _ in range(3)]
    for tenant in tenants:
        await store.keystore.create_tenant(tenant)
        sizes = {"orders": ORDERS, "assets": ASSETS, "places": PLACES, "people": PEOPLE}
        async with store.transaction(tenant, write=True) as tx:
            for statement in FILL.format(t=tenant, **sizes).split(";")[:-1]:
                await tx.run(text(statement.replace(":", r"\:")))
    owner = await asyncpg.connect(urls.main_owner.replace("+asyncpg", ""))
    await owner.execute(f"ANALYZE {', '.join(sorted(LARGE))}, users")
    rows = {
        name: await owner.fetchval(f"SELECT md5($1 || '{name}7')::uuid", str(tenants[0]))
        for name in ("p", "l", "a")
    }
    await owner.close()
    ids = (await store.keystore.tenant(tenants[0])).ids
    codes = {of: entity.code for of, entity in built()[2].entity_of_type.items()}
    person, place, asset = (
        ids.seal(codes["User"], rows["p"]),
        ids.seal(codes["Location"], rows["l"]),
        ids.seal(codes["Asset"], rows["a"]),
    )
    known = {"siteId": place, "locationId": place, "assetId": asset, "parentId": asset, "place": place}
    known |= dict.fromkeys(("custodianId", "assigneeId", "requesterId", "subjectId", "viewerId"), person)
    yield Crowd(store, tenants[0], known, rows["l"], rows["p"])
    await store.close()


def nodes(plan: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401  the JSON of EXPLAIN
    """Every step of a plan."""
    parts = plan if isinstance(plan, list) else plan.values() if isinstance(plan, dict) else ()
    if isinstance(plan, dict) and "Node Type" in plan:
        yield plan
    for part in parts:
        yield from nodes(part)


def scans(plan: Any) -> list[str]:  # noqa: ANN401  same
    """The large tables that a plan reads from end to end."""
    read = [node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"]
    return [table for table in read if table in LARGE]


class Eye:
    """Sees what one path sends, and says how the server carries it out."""

    def __init__(self, crowd: Crowd, monkeypatch: pytest.MonkeyPatch, *, compiled: bool) -> None:
        self._crowd = crowd
        self._sent: dict[str, None] = {}
        self.execution = execution_of(crowd.store, compiles=compiled)
        self.ask: Ask = Below(self.execution)
        if compiled:
            fetch = Reading.fetch

            async def noting(reading: Reading, sql: str, args: Sequence[Any] = (), **how: bool) -> list[Any]:
                self._sent[sql] = None
                return await fetch(reading, sql, args, **how)

            monkeypatch.setattr(Reading, "fetch", noting)

    async def plans(self, who: Caller, document_: str, variables: Mapping[str, str]) -> tuple[Any, list[Any]]:
        """The answer, and the plans of the statements that it took."""
        self._sent.clear()
        with statements(self._crowd.store) as seen:
            answer = await self.ask(who, document_, dict(variables))
        compiled = list(self._sent)
        return answer, [*await self._given(seen.texts), *await self._generic(compiled)]

    async def _given(self, sent: list[tuple[str, Any]]) -> list[Any]:
        """The plans that the app role gets for these statements with these parameters."""
        plans = []
        async with self._crowd.store.transaction(self._crowd.tenant) as tx:
            for sql, parameters in sent:
                found = await tx._connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
                plans.append(_json(found.scalar_one()))
        return plans

    async def _generic(self, sent: list[str]) -> list[Any]:
        """The plans that serve every parameter: the compiled path asks for no others, whatever the values are."""
        plans = []
        async with self._crowd.store.main.reading(self._crowd.tenant) as reading:
            await reading.fetch("SELECT 1")
            assert reading._line is not None
            connection = reading._line.connection
            for sql in sent:
                prepared = await connection.prepare(sql)
                nulls = ", ".join("NULL" for _ in prepared.get_parameters())
                execute = prepared.get_name() + (f" ({nulls})" if nulls else "")
                plans.append(_json(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE {execute}")))
        return plans


def _json(plan: Any) -> Any:  # noqa: ANN401  as the driver gives it
    return json.loads(plan) if isinstance(plan, str) else plan


def questions(crowd: Crowd) -> Iterator[tuple[Asked, str, dict[str, str]]]:
    """Every filter and sort at every place, first page and a later one."""
    for one in asked():
        ids = crowd.ids | (
            {"parentId": crowd.ids["place"]} if one.place.input_type == "LocationFilter" else {}
        )
        row = {"Asset": ids["assetId"], "Location": ids["place"]}.get(one.place.type_name)
        text_ = document(
            one.place,
            f"{one.place.argument}: {literal(one, ids)}",
            "first: 50",
            "nodes { id } pageInfo { endCursor }",
        )
        yield one, text_, {"id": row} if row else {}


@pytest.mark.proof
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("role", ROLES)
async def test_no_filter_and_no_sort_reads_a_large_table_from_end_to_end(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch, role: Role, *, compiled: bool
) -> None:
    """Neither on the first page nor on the next, on either path."""
    eye = Eye(crowd, monkeypatch, compiled=compiled)
    found, pages = [], 0
    for one, text_, variables in questions(crowd):
        for after in ("", ", after: $after"):
            asking = text_.replace("first: 50", f"first: 50{after}")
            if after and "after" not in variables:
                continue
            declared = asking.replace("query (", "query ($after: Cursor, ").replace(
                "query {", "query ($after: Cursor) {"
            )
            answer, plans = await eye.plans(crowd.caller(role), declared if after else asking, variables)
            if answer.codes == ["FIELD_NOT_READABLE"]:
                break
            assert answer.errors == []
            assert plans or not answer.data[one.place.field]["nodes"]
            pages += 1
            found += [(one.name, after, table) for plan in plans for table in scans(plan)]
            top = answer.data.get(one.place.field) or (answer.data["node"] or {}).get(one.place.field)
            if top is not None and top["pageInfo"]["endCursor"]:
                variables["after"] = top["pageInfo"]["endCursor"]

    print(role, pages, "pages")
    assert found == []
    assert (eye.execution.compiler.answers > pages / 2) is compiled


@pytest.mark.proof
@pytest.mark.parametrize("compiled", [False, True])
async def test_every_sort_of_a_list_is_the_order_of_an_index(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch, *, compiled: bool
) -> None:
    """Names of people are put in order in memory: they are not stored in the clear."""
    eye = Eye(crowd, monkeypatch, compiled=compiled)
    resorted = []
    for one, text_, _ in questions(crowd):
        in_memory = one.place.input_type == "UserOrder" and one.member.startswith("NAME")
        if one.enum and one.place.type_name == "Query" and not in_memory:
            _, plans = await eye.plans(crowd.caller(Role.ADMIN), text_, {})
            assert len(plans) == 1
            resorted += [one.name for node in nodes(plans) if node["Node Type"] == "Sort"]

    assert resorted == []
