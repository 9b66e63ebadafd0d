"""The directory answers one hash at a time and is never listed; people are told apart by address inside their organisation."""

from datetime import date
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError

from isomod_graphql.core.directory import Kind, enter, forget, platform_hash, tenant_of_slug
from isomod_graphql.core.errors import BadInput
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Store
from isomod_graphql.identity.models import Account, ApiToken, GrantRow, SignInSession, User
from isomod_graphql.organisations.service import SlugTaken, create_tenant
from isomod_graphql.subjects.service import EmailTaken, create_person, person_email_index
from tests.identity.conftest import House, found_house


@pytest.mark.parametrize(
    "statement", ["SELECT * FROM directory", "DELETE FROM directory", "UPDATE directory SET kind = kind"]
)
async def test_the_app_role_may_not_read_or_change_the_directory(
    store: Store, tenant: UUID, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied for table directory"):
        async with store.transaction(tenant, write=True) as tx:
            await tx.run(text(statement))


async def test_a_line_is_forgotten_by_its_own_tenant_only(house: House, store: Store, tenant: UUID) -> None:
    async with store.transaction(tenant, write=True) as tx:
        await forget(tx, Kind.SLUG, await platform_hash(tx, Kind.SLUG, house.slug), house.tenant_id)
        still = await tenant_of_slug(tx, house.slug)

    assert still == house.tenant_id


async def test_a_line_that_exists_is_not_taken_over(house: House, store: Store, tenant: UUID) -> None:
    async with store.transaction(tenant, write=True) as tx:
        taken = await enter(tx, Kind.SLUG, await platform_hash(tx, Kind.SLUG, house.slug), tenant)
        found = await tenant_of_slug(tx, house.slug)

    assert (taken, found) == (False, house.tenant_id)


async def test_memberships_are_told_to_the_platform_only(house: House) -> None:
    account_id = (await house.enter()).principal.account_id
    asked = select(func.count()).select_from(func.directory_memberships(account_id).table_valued("tenant_id"))

    async with house.store.transaction(house.tenant_id) as tx:
        here = await tx.value(asked)
    async with house.store.transaction(PLATFORM_TENANT) as tx:
        there = await tx.value(asked)

    assert (here, there) == (0, 1)


@pytest.mark.parametrize("model", [Account, SignInSession, User, GrantRow, ApiToken])
async def test_a_tenant_sees_nothing_of_another_or_of_the_platform(
    house: House, model: type[Account | SignInSession | User | GrantRow | ApiToken]
) -> None:
    await house.enter()
    other = await found_house(house.desk, "other")

    async with other.store.transaction(other.tenant_id) as tx:
        seen = {row.tenant_id for row in await tx.all(select(model.tenant_id))}

    assert seen <= {other.tenant_id}


async def test_a_slug_names_one_organisation(house: House, owner_eye: asyncpg.Connection) -> None:
    with pytest.raises(SlugTaken):
        await create_tenant(house.store, slug=house.slug, name="Copy", contract_start=date(2026, 1, 1))
    with pytest.raises(BadInput):
        await create_tenant(house.store, slug="Not A Slug", name="Copy", contract_start=date(2026, 1, 1))

    assert await owner_eye.fetchval("SELECT count(*) FROM tenants WHERE name = 'Copy'") == 0


async def test_an_address_is_unique_inside_an_organisation_and_unlinkable_between_two(house: House) -> None:
    other = await found_house(house.desk, "other")
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        mine = person_email_index(tx, "Bob@X.example")
        await create_person(tx, kind="CONTACT", values={"email": "bob@x.example"})
    async with other.store.transaction(other.tenant_id, write=True) as tx:
        theirs = person_email_index(tx, "bob@x.example")
        await create_person(tx, kind="CONTACT", values={"email": "bob@x.example"})

    with pytest.raises(EmailTaken):
        async with house.store.transaction(house.tenant_id, write=True) as tx:
            await create_person(tx, kind="CONTACT", values={"email": "BOB@x.example"})

    assert mine != theirs
