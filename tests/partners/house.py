"""An organisation with two sites and what a test asks of its programs. It judges nothing."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.passwords import Argon2Passwords
from isomod_graphql.partners import tokens
from isomod_graphql.partners.authentication import ClientProof, ProvenClient, authenticate
from isomod_graphql.partners.credentials import put_secret, rotate_secret
from isomod_graphql.partners.narrowing import Narrowing
from isomod_graphql.partners.registration import NewClient, disable_client, register_client
from permissions.caveats import UNRESTRICTED, Caveats
from permissions.principals import Assurance, Role, Scope
from permissions.purposes import Purpose
from tests.identity.conftest import CHEAP
from tests.worlds import World

HERE = "192.0.2.10"
ELSEWHERE = "198.51.100.1"
READ = frozenset({Scope.WORK_ORDERS_READ})
ISSUE = "CLIENT_TOKEN_ISSUE"


@dataclass(frozen=True)
class Program:
    """A registered program and its first secret."""

    id: UUID
    client_id: str
    secret: str

    @property
    def proof(self) -> ClientProof:
        return ClientProof(self.client_id, self.secret)


@dataclass(frozen=True)
class House:
    """The small world with somebody at the desk."""

    world: World
    desk: Desk

    @classmethod
    def of(cls, world: World) -> "House":
        return cls(world, Desk(world.store, Settings(), Argon2Passwords(CHEAP)))

    @property
    def store(self) -> Store:
        return self.world.store

    @property
    def now(self) -> datetime:
        return self.store.clock.now()

    def admin(self, *, sites: frozenset[UUID] | None = None) -> Viewer:
        """The administrator, who has just proven the password again."""
        return proven(self.world.viewer(self.world.admin, Role.ADMIN, sites=sites))

    async def program(
        self,
        scopes: frozenset[Scope] = READ,
        caveats: Caveats = UNRESTRICTED,
        *,
        days: int = 90,
        purpose: Purpose = Purpose.SERVICE,
        by: Viewer | None = None,
    ) -> Program:
        given = NewClient(
            name="ERP",
            scopes=scopes,
            purpose=purpose,
            expires_at=self.now + timedelta(days=days),
            caveats=caveats,
        )
        async with self.store.transaction(self.world.tenant, write=True) as tx:
            made = await register_client(tx, by or self.admin(), given)
            return Program(made.id, made.client_id, (await put_secret(tx, made.id)).secret)

    async def rotate(self, program: Program, *, days: float = 7, by: Viewer | None = None) -> Program:
        async with self.store.transaction(self.world.tenant, write=True) as tx:
            ends = self.now + timedelta(days=days)
            issued = await rotate_secret(
                tx, by or self.admin(), client_id=program.client_id, old_ends_at=ends
            )
        return replace(program, secret=issued.secret)

    async def disable(self, program: Program) -> None:
        async with self.store.transaction(self.world.tenant, write=True) as tx:
            await disable_client(tx, self.admin(), client_id=program.client_id)

    async def prove(self, proof: ClientProof, address: str | None = HERE) -> ProvenClient:
        return await authenticate(self.desk, proof, address, ISSUE)

    async def token(
        self, program: Program, scope: str | None = None, asked: Narrowing | None = None
    ) -> tokens.AccessToken:
        """A token for whoever proves the secret; sites are named by the text of their uuid."""
        client = await self.prove(program.proof)
        return await tokens.issue(self.desk, client, scope, asked or Narrowing(), UUID)


def proven(viewer: Viewer) -> Viewer:
    """The same person after a step-up."""
    until = viewer.now + timedelta(minutes=10)
    stepped = replace(viewer.principal, assurance=Assurance.STEPPED_UP, stepped_up_until=until)
    return Viewer.at(stepped, viewer.now)


async def trail(eye: asyncpg.Connection, tenant: UUID, action: str) -> list[tuple[Any, ...]]:
    """Outcome, reason, kind and actor of every entry about this action, sorted: the clock of tests stands."""
    found = await eye.fetch(
        "SELECT outcome, reason, actor_kind, actor_id FROM audit_entries WHERE tenant_id = $1 AND action = $2",
        tenant,
        action,
    )
    return sorted((tuple(row) for row in found), key=str)
