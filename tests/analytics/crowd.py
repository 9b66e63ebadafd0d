"""An organisation with enough work to count: the realm of the proofs, and many more orders and assets of the same people. Nothing in it is changed by a test."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import pytest
from sqlalchemy import insert

from isomod_graphql.assets.models import Asset
from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Transaction
from isomod_graphql.work_orders.models import WorkOrder
from tests.conftest import START, Cluster
from tests.engine.agreeing import Agreement, agreement_of
from tests.engine.graph import execution_of
from tests.engine.oracle import FIELDS, Model, Oracle
from tests.engine.proving import Proof
from tests.engine.realm import PEOPLE, Realm, build_realm

ORDERS, ASSETS = 160, 40
STATUSES: Final = (
    "OPEN",
    "OPEN",
    "DRAFT",
    "IN_PROGRESS",
    "ON_HOLD",
    "COMPLETED",
    "COMPLETED",
    "CLOSED",
    "CLOSED",
    "CANCELLED",
)
PRIORITIES: Final = ("NONE", "LOW", "MEDIUM", "MEDIUM", "HIGH", "URGENT")
TYPES: Final = ("CORRECTIVE", "CORRECTIVE", "PREVENTIVE", "INSPECTION", "CALIBRATION")
SITES: Final = ("gent", "gent", "gent", "liege")


@pytest.fixture(scope="session")
async def crowd(urls: Urls, cluster: Cluster) -> AsyncIterator[Agreement]:
    """Both executors and the oracles on it."""
    store = open_store(Settings(pool_size=4), urls, SettableClock(START))
    eye = await cluster.main.admin(f"main_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}")
    realm = await build_realm(store)
    async with store.transaction(realm.tenant, write=True) as tx:
        await _fill(tx, realm, Random(11))  # noqa: S311  no secret
    oracle = await Oracle(eye, store, realm.tenant).prepare()
    rows: dict[Model, list[Any]] = {}
    for model in {model for model, _ in FIELDS.values()}:
        query = f"SELECT id FROM {model.__tablename__} WHERE tenant_id = $1 ORDER BY id"
        rows[model] = [row["id"] for row in await eye.fetch(query, realm.tenant)]
    yield await agreement_of(Proof(store, execution_of(store), (realm, realm), (oracle, oracle), rows))
    await eye.close()
    await store.close()


async def _fill(tx: Transaction, realm: Realm, random: Random) -> None:
    orders = [_order(tx, realm, random, number) for number in range(100, 100 + ORDERS)]
    await tx.run(insert(WorkOrder).values(orders))
    assets = [_asset(tx, realm, random, number) for number in range(ASSETS)]
    await tx.run(insert(Asset).values(assets))
    for name, rows in (("order", orders), ("asset", assets)):
        realm.ids.update((f"{name} of the crowd {at}", row["id"]) for at, row in enumerate(rows))


def _order(tx: Transaction, realm: Realm, random: Random, number: int) -> dict[str, Any]:
    made, status = (
        datetime(2026, 1, 5, 7, tzinfo=UTC) + timedelta(hours=random.randrange(7_000)),
        random.choice(STATUSES),
    )
    begun, done = made + timedelta(hours=random.randrange(1, 60)), status in {"COMPLETED", "CLOSED"}
    ended = begun + timedelta(minutes=random.randrange(10, 5_000)) if done else None
    people = [*PEOPLE, "technician", "mate", "technician", "mate", None]
    site = realm[random.choice(SITES)]
    return {
        "tenant_id": tx.tenant_id, "id": tx.new_id(), "number": number, "title": f"Order {number}", "status": status,
        "priority": random.choice(PRIORITIES), "type": random.choice(TYPES), "location_id": site, "site_id": site,
        "assignee_id": realm.person(random.choice(people)), "requester_id": realm.person(random.choice(people)),
        "created_by_id": realm["boss"], "due_at": made + timedelta(days=random.randrange(40)) if random.random() < 0.7 else None,
        "started_at": begun if done or status in {"IN_PROGRESS", "ON_HOLD"} else None, "completed_at": ended,
        "first_completed_at": ended, "outcome": "RESOLVED" if done else None, "created_at": made, "updated_at": made,
    }  # fmt: skip


def _asset(tx: Transaction, realm: Realm, random: Random, number: int) -> dict[str, Any]:
    site = realm[random.choice(SITES)]
    return {
        "tenant_id": tx.tenant_id, "id": tx.new_id(), "location_id": site, "site_id": site, "name": f"Crowd {number}",
        "name_key": f"crowd {number:02d}", "tag": f"C-{number}", "status": random.choice(("OPERATIONAL", "OPERATIONAL", "DOWN", "RETIRED")),
        "criticality": random.choice(("LOW", "LOW", "HIGH", "CRITICAL")), "custodian_id": realm.person(random.choice([*PEOPLE, None])),
        "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
