"""Fills the embedded databases once: each organisation in one transaction, so that it is there whole or not at all. Refuses to seed twice."""

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import insert

from isomod_graphql.assets.models import Asset
from isomod_graphql.audit.service import record
from isomod_graphql.cli.demo import benchmark
from isomod_graphql.cli.demo.companies import Company
from isomod_graphql.cli.demo.dutch import SCHELDE
from isomod_graphql.cli.demo.french import VIROIN
from isomod_graphql.cli.demo.people import Member, accounts_for, members_of, put_people
from isomod_graphql.cli.demo.places import premises_of
from isomod_graphql.cli.demo.rows import put_rows
from isomod_graphql.cli.demo.work import put_work, work_of
from isomod_graphql.core.directory import Kind, enter, platform_hash, tenant_of_slug
from isomod_graphql.core.ids import PLATFORM_TENANT, new_id
from isomod_graphql.core.store import Store, Transaction
from isomod_graphql.identity.passwords import Argon2Passwords
from isomod_graphql.locations.models import Location
from isomod_graphql.organisations.models import Tenant
from permissions.principals import NOBODY

COMPANIES: Final = (SCHELDE, VIROIN)
ORDERS: Final = 300
"""Work orders of each company."""
OPENED: Final = timedelta(days=400)
"""How long ago the companies came."""
PASSWORD: Final = "quiet-harbour-lantern-42"  # noqa: S105  the demo's own, said in demo.json; the server listens on this machine only

Fill = Callable[[Transaction], Awaitable[None]]


async def seed_companies(store: Store) -> list[UUID]:
    """The two companies; their tenants in the order of COMPANIES."""
    hashed = _Once()
    return [await _company(store, company, hashed) for company in COMPANIES]


async def seed_bench(store: Store, times: int = 1) -> UUID:
    """The organisation of the read benchmark, with `times` as many rows of everything."""
    known = await tenant_with(store, benchmark.SLUG)
    if known is not None:
        return known
    members = benchmark.members(times)
    accounts = await _accounts(store, members, _Once())

    async def fill(tx: Transaction) -> None:
        await put_people(tx, members, accounts, benchmark.START)
        await benchmark.put_places_and_work(tx, times)

    return await _tenant(store, benchmark.SLUG, benchmark.NAME, "en", benchmark.START, fill)


async def tenant_with(store: Store, slug: str) -> UUID | None:
    """The tenant with this slug."""
    async with store.transaction(PLATFORM_TENANT) as tx:
        return await tenant_of_slug(tx, slug)


class _Once:
    """Everybody in the demo has one password; hashing it once instead of fifty times saves seconds."""

    def __init__(self) -> None:
        self._hash: str | None = None

    async def __call__(self) -> str:
        if self._hash is None:
            self._hash = await Argon2Passwords().hash(PASSWORD)
        return self._hash


async def _company(store: Store, company: Company, hashed: _Once) -> UUID:
    known = await tenant_with(store, company.slug)
    if known is not None:
        return known
    now = store.clock.now()
    opened = now - OPENED
    dice = random.Random(company.slug)  # noqa: S311  the same story every time; nothing secret comes of it
    premises = premises_of(company, opened, dice)
    members = members_of(company, premises.sites, opened)
    work = work_of(company, premises, members, ORDERS, now, dice)
    accounts = await _accounts(store, members, hashed)

    async def fill(tx: Transaction) -> None:
        await put_rows(tx, Location, premises.locations)
        await put_people(tx, members, accounts, opened)
        await put_rows(tx, Asset, premises.assets)
        await put_work(tx, work)

    return await _tenant(store, company.slug, company.name, company.locale, opened, fill)


async def _accounts(store: Store, members: Sequence[Member], hashed: _Once) -> dict[str, UUID]:
    addresses = [member.email for member in members if member.role is not None]
    return await accounts_for(store, addresses, await hashed(), store.clock.now())


async def _tenant(store: Store, slug: str, name: str, locale: str, opened: datetime, fill: Fill) -> UUID:
    """The keys come first, in the other database: keys without an organisation open nothing."""
    tenant_id = new_id(store.clock.now())
    await store.keystore.create_tenant(tenant_id)
    async with store.transaction(tenant_id, write=True) as tx:
        await enter(tx, Kind.SLUG, await platform_hash(tx, Kind.SLUG, slug), tenant_id)
        row = {
            "id": tenant_id, "slug": slug, "name": name, "locale": locale, "time_zone": "Europe/Brussels",
            "four_eyes": False, "contract_start": opened.date(), "contract_end": None, "created_at": tx.now,
            "updated_at": tx.now,
        }  # fmt: skip
        await tx.run(insert(Tenant).values(row))
        await record(tx, NOBODY, "TENANT_CREATE", entity=("Tenant", tenant_id))
        await fill(tx)
    return tenant_id
