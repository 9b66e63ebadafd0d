"""Programs that were registered before secrets had rows of their own keep their secret and their sites, in every organisation."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
from alembic import command
from alembic.script import ScriptDirectory

from isomod_graphql.core.embedded import OWNER_ROLE, provision
from isomod_graphql.core.migrate import _config
from tests.conftest import Cluster

CLIENT = """
INSERT INTO partner_clients (tenant_id, id, created_at, updated_at, public_key, name, secret_hash, scopes, sites, purpose, expires_at)
VALUES ($1, $2, now(), now(), $3, 'ERP', $4, '{}', $5, 'SERVICE', now())
"""
SECRETS = "SELECT tenant_id, client_id, secret_hash, ends_at FROM client_secrets ORDER BY secret_hash"
CAVEATS = "SELECT id, caveats::text FROM partner_clients"


async def put(
    cluster: Cluster, name: str, clients: list[tuple[UUID, UUID, str, bytes, list[UUID] | None]]
) -> None:
    eye = await cluster.main.admin(name)
    await eye.executemany(CLIENT, clients)
    await eye.close()


async def found(cluster: Cluster, name: str) -> tuple[list[asyncpg.Record], dict[UUID, str]]:
    eye = await cluster.main.admin(name)
    secrets, caveats = await eye.fetch(SECRETS), dict(await eye.fetch(CAVEATS))
    forced = await eye.fetchval(
        "SELECT bool_and(relforcerowsecurity) FROM pg_class WHERE relname IN ('partner_clients', 'client_secrets')"
    )
    await eye.close()
    assert forced
    return secrets, caveats


def test_secrets_and_sites_move_with_the_migration(cluster: Cluster) -> None:
    name = f"moved_{uuid4().hex[:8]}"
    asyncio.run(provision(cluster.main, name))
    config = _config("main", cluster.main.url(OWNER_ROLE, name))
    before = ScriptDirectory.from_config(config).get_revision("0011").down_revision
    site = uuid4()
    clients: list[tuple[UUID, UUID, str, bytes, list[UUID] | None]] = [
        (uuid4(), uuid4(), "a", b"\x01", None),
        (uuid4(), uuid4(), "b", b"\x02", [site]),
    ]

    command.upgrade(config, str(before))
    asyncio.run(put(cluster, name, clients))
    command.upgrade(config, "0011")

    secrets, caveats = asyncio.run(found(cluster, name))
    assert [tuple(row) for row in secrets] == [
        (tenant, client, digest, None) for tenant, client, _, digest, _ in clients
    ]
    assert caveats == {clients[0][1]: "{}", clients[1][1]: f'{{"sites": ["{site}"]}}'}
