"""Sealed values through the store: what comes back, what is on disk, what a destroyed or moved pack gives."""

from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import select, update

from isomod_graphql.core.crypto import SealBroken
from isomod_graphql.core.store import Store
from isomod_graphql.subjects.models import Person
from tests.people import add_person


async def test_a_sealed_value_comes_back_as_it_was(store: Store, tenant: UUID) -> None:
    person = await add_person(store, tenant, name="Ann Peeters", email="ann@acme.example")

    async with store.transaction(tenant) as tx:
        opened = await tx.open_row(Person, person)

    assert (opened["name"], opened["email"], opened["phone"]) == ("Ann Peeters", "ann@acme.example", None)


async def test_the_database_holds_no_sealed_value(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    await add_person(store, tenant, name="Ann Canary-7719")

    rows = await owner_eye.fetch("SELECT p::text FROM people p WHERE tenant_id = $1", tenant)

    assert len(rows) == 1
    assert "Canary" not in rows[0][0]
    assert b"Canary".hex() not in rows[0][0]


async def test_reseal_changes_one_value_and_keeps_the_others(store: Store, tenant: UUID) -> None:
    person = await add_person(store, tenant, name="Ann", phone="+32470000001")

    async with store.transaction(tenant, write=True) as tx:
        await tx.reseal(Person, person, {"phone": None, "job_title": "Fitter"})
    async with store.transaction(tenant) as tx:
        opened = await tx.open_row(Person, person)

    assert (opened["name"], opened["phone"], opened["job_title"]) == ("Ann", None, "Fitter")


async def test_a_pack_moved_to_another_row_does_not_open(store: Store, tenant: UUID) -> None:
    ann, bob = await add_person(store, tenant, name="Ann"), await add_person(store, tenant, name="Bob")
    async with store.transaction(tenant, write=True) as tx:
        pack = await tx.value(select(Person.__table__.c.sealed_account).where(Person.id == ann))
        await tx.run(update(Person).where(Person.id == bob).values(sealed_account=pack))

    async with store.transaction(tenant) as tx:
        with pytest.raises(SealBroken):
            await tx.open_row(Person, bob)
