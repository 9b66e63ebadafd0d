"""People, organisations and callers for tests, without accounts: rows put in directly, powers made from the tables."""

from datetime import date, datetime, timedelta
from itertools import count
from uuid import UUID

from sqlalchemy import insert

from isomod_graphql.core.ids import new_id
from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.organisations.models import Tenant
from isomod_graphql.subjects.models import Person
from permissions.principals import TIME_BOXED, Assurance, Principal, Role, RoleGrant, Scope

_NUMBERS = count(1_000_000)
"""Far from the numbers that the product gives, so that both may live in one tenant."""


async def add_organisation(
    store: Store, tenant: UUID, *, four_eyes: bool = False, contract_end: date | None = None
) -> None:
    """The tenant's own row."""
    now = store.clock.now()
    async with store.transaction(tenant, write=True) as tx:
        await tx.run(
            insert(Tenant).values(
                id=tenant,
                slug=f"t-{tenant.hex[-24:]}",
                name="Acme",
                locale="en",
                time_zone="Europe/Brussels",
                four_eyes=four_eyes,
                contract_start=date(2026, 1, 1),
                contract_end=contract_end,
                created_at=now,
                updated_at=now,
            )
        )


async def add_person(
    store: Store,
    tenant: UUID,
    *,
    kind: str = "COLLEAGUE",
    site: UUID | None = None,
    flags: int = 0,
    **sealed: str,
) -> UUID:
    """A person with these sealed values (name, email, ...); none costs no key."""
    person_id = new_id(store.clock.now())
    async with store.transaction(tenant, write=True) as tx:
        packs = await tx.seal(Person, person_id, sealed, {"id": person_id})
        await tx.run(
            insert(Person).values(
                tenant_id=tenant,
                id=person_id,
                kind=kind,
                pseudonym_number=next(_NUMBERS),
                site_id=site,
                flags=flags,
                created_at=tx.now,
                updated_at=tx.now,
                **packs,
            )
        )
    return person_id


def principal_of(
    tenant: UUID,
    person: UUID,
    *roles: Role,
    now: datetime,
    sites: frozenset[UUID] | None = None,
    scopes: frozenset[Scope] | None = None,
) -> Principal:
    """The person signed in with these roles on these sites; a time-boxed role ends after a month."""
    grants = tuple(
        RoleGrant(role, sites, now + timedelta(days=30) if role in TIME_BOXED else None) for role in roles
    )
    return Principal(
        kind="PERSON",
        tenant_id=tenant,
        person_id=person,
        grants=grants,
        scopes=scopes,
        assurance=Assurance.SESSION if scopes is None else Assurance.TOKEN,
    )


def viewer_of(
    tenant: UUID,
    person: UUID,
    *roles: Role,
    now: datetime,
    sites: frozenset[UUID] | None = None,
    scopes: frozenset[Scope] | None = None,
) -> Viewer:
    """The same as the engine sees it at `now`."""
    return Viewer.at(principal_of(tenant, person, *roles, now=now, sites=sites, scopes=scopes), now)
