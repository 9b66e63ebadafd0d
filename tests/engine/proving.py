"""What the proofs of field access stand on: two realms side by side, an oracle for each, and a way to ask. Built once per run; nothing in it is changed by a proof."""

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from schema.execution import Execution
from tests.conftest import START, Cluster
from tests.engine.asking import Ask, Below, Caller, Door
from tests.engine.callers import caller
from tests.engine.graph import built, execution_of
from tests.engine.oracle import FIELDS, Model, Oracle
from tests.engine.realm import Realm, build_realm


@dataclass(frozen=True)
class Proof:
    """Two tenants of one installation."""

    store: Store
    execution: Execution
    realms: tuple[Realm, Realm]
    oracles: tuple[Oracle, Oracle]
    model_rows: dict[Model, list[UUID]]

    def callers(self, name: str) -> Iterator[tuple[Realm, Oracle, Caller]]:
        """The same part in both realms."""
        for realm, oracle in zip(self.realms, self.oracles, strict=True):
            yield realm, oracle, caller(realm, name, self.store.clock.now())

    async def global_id(self, realm: Realm, type_name: str, row_id: UUID) -> str:
        """The id under which clients know a row."""
        keys = await self.store.keystore.tenant(realm.tenant)
        return keys.ids.seal(built()[2].entity_of_type[type_name].code, row_id)

    async def rows(self, realm: Realm, oracle: Oracle, type_name: str) -> list[tuple[UUID, str]]:
        """Every row of this type in the realm, with its global id."""
        model = FIELDS[type_name][0]
        members = {one for one in realm.ids.values() if await oracle.is_member(one)}
        found = [one for one in self.model_rows[model] if one in realm.ids.values()]
        if type_name in {"User", "Contact"}:
            found = [one for one in found if (one in members) is (type_name == "User")]
        return [(one, await self.global_id(realm, type_name, one)) for one in found]


@pytest.fixture(scope="session")
async def proof(urls: Urls, cluster: Cluster) -> AsyncIterator[Proof]:
    """Two realms on this worker's databases."""
    store = open_store(Settings(pool_size=4), urls, SettableClock(START))
    eye = await cluster.main.admin(f"main_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}")
    realms = (await build_realm(store), await build_realm(store))
    oracles = tuple([await Oracle(eye, store, realm.tenant).prepare() for realm in realms])
    rows: dict[Model, list[UUID]] = {}
    for model in {model for model, _ in FIELDS.values()}:
        query = f"SELECT id FROM {model.__tablename__} WHERE tenant_id = ANY($1) ORDER BY tenant_id, id"
        rows[model] = [row["id"] for row in await eye.fetch(query, [realm.tenant for realm in realms])]
    yield Proof(store, execution_of(store), realms, (oracles[0], oracles[1]), rows)
    await eye.close()
    await store.close()


@pytest.fixture(scope="session")
def ask(proof: Proof) -> Ask:
    """Below HTTP; a room that proves the same through HTTP gives its own."""
    return Below(proof.execution)


@pytest.fixture(scope="session")
def ask_at_the_door(proof: Proof) -> Ask:
    """Through the GraphQL endpoint, with callers known by their names."""
    return Door(proof.execution)
