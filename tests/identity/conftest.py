"""An organisation with a founder who has signed up, a desk whose hasher is cheap and counts, and people to work with."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import pytest
from argon2 import PasswordHasher

from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.founding import found_tenant
from isomod_graphql.identity.invitations import join
from isomod_graphql.identity.memberships import invite_user
from isomod_graphql.identity.passwords import Argon2Passwords
from isomod_graphql.identity.principals import resolve_session
from isomod_graphql.identity.proof import step_up
from isomod_graphql.identity.roles import GivenRole
from isomod_graphql.identity.sign_in import SignedIn, sign_in
from permissions.principals import Principal, Role

PASSWORD = "quartz-lantern-ferry-81"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class CountingPasswords:
    """The real hasher with parameters that cost nothing, and what it was asked for."""

    inner: Argon2Passwords = field(default_factory=lambda: Argon2Passwords(CHEAP))
    verified: int = 0
    hashed: int = 0

    async def hash(self, password: str) -> str:
        self.hashed += 1
        return await self.inner.hash(password)

    async def matches(self, stored: str | None, password: str) -> bool:
        self.verified += 1
        return await self.inner.matches(stored, password)

    def is_outdated(self, stored: str) -> bool:
        return self.inner.is_outdated(stored)


@dataclass(frozen=True)
class House:
    """An organisation and its founder."""

    desk: Desk
    tenant_id: UUID
    slug: str
    founder_id: UUID
    founder_email: str

    @property
    def store(self) -> Store:
        return self.desk.store

    async def enter(self, email: str | None = None, password: str = PASSWORD) -> SignedIn:
        """A sign-in that succeeds."""
        return await sign_in(
            self.desk, email=email or self.founder_email, password=password, organisation=self.slug
        )

    async def stepped_up(self, email: str | None = None) -> Principal:
        """Somebody who has just proven the password again."""
        secret = await step_up(self.desk, (await self.enter(email)).principal, PASSWORD)
        principal = await resolve_session(self.desk, secret.secret)
        assert principal is not None
        return principal

    async def viewer(self, email: str | None = None) -> Viewer:
        """The same as a viewer, now."""
        return Viewer.at(await self.stepped_up(email), self.store.clock.now())

    async def invite(self, email: str, *roles: Role, by: str | None = None) -> UUID:
        """Somebody who was invited with these roles and has not come yet."""
        viewer = await self.viewer(by)
        async with self.store.transaction(self.tenant_id, write=True) as tx:
            return await invite_user(
                tx,
                viewer,
                email=email,
                name=email.split("@", maxsplit=1)[0].title(),
                roles=[GivenRole(role) for role in roles],
            )

    async def member(self, email: str, *roles: Role) -> UUID:
        """Somebody who was invited with these roles and came."""
        person_id = await self.invite(email, *roles)
        await join(self.desk, self.tenant_id, person_id, password=PASSWORD)
        return person_id


@pytest.fixture
def passwords() -> CountingPasswords:
    return CountingPasswords()


@pytest.fixture
def desk(store: Store, passwords: CountingPasswords) -> Desk:
    return Desk(store, Settings(), passwords)


_founded = iter(range(1, 10_000))


async def found_house(desk: Desk, name: str = "house") -> House:
    slug = f"{name}-{next(_founded)}"
    email = f"founder@{slug}.example"
    made = await found_tenant(
        desk.store, slug=slug, name=slug.title(), founder_email=email, founder_name="Ann Peeters",
        contract_start=date(2026, 1, 1),
    )  # fmt: skip
    await join(desk, made.tenant_id, made.person_id, password=PASSWORD)
    return House(desk, made.tenant_id, slug, made.person_id, email)


@pytest.fixture
async def house(desk: Desk) -> House:
    """An organisation that nobody else uses."""
    return await found_house(desk)
