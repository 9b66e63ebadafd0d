"""A running product whose organisation has two sites, people of both, somebody who asks from outside, assets and orders. It judges nothing."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import httpx2

from isomod_graphql.assets.input import NewAsset
from isomod_graphql.assets.service import create_asset
from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store, Transaction
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.invitations import join
from isomod_graphql.identity.memberships import add_member
from isomod_graphql.identity.passwords import Argon2Passwords
from isomod_graphql.identity.roles import GivenRole
from isomod_graphql.identity.tokens import put_token
from isomod_graphql.locations.input import NewLocation
from isomod_graphql.locations.service import create_location
from isomod_graphql.subjects.service import create_person
from isomod_graphql.work_orders.input import NewWorkOrder
from isomod_graphql.work_orders.service import create_work_order
from permissions.caveats import UNRESTRICTED, Caveats
from permissions.principals import TIME_BOXED, Role, Scope
from schema.entities import ASSET, LOCATION, PERSON, WORK_ORDER
from tests.identity.conftest import CHEAP
from tests.people import viewer_of
from tests.web.serving import PASSWORD, Served, serve

PEOPLE: Final[Mapping[str, tuple[Role, str | None]]] = {
    # role and site; somebody without a site belongs to the whole organisation
    "manager": (Role.MANAGER, None),
    "technician": (Role.TECHNICIAN, "gent"),
    "southerner": (Role.TECHNICIAN, "liege"),
    "mark": (Role.TECHNICIAN, "gent"),
    "viewer": (Role.VIEWER, None),
    "requester": (Role.REQUESTER, None),
    "quality": (Role.QUALITY_MANAGER, None),
    "auditor": (Role.AUDITOR, None),
    "officer": (Role.PRIVACY_OFFICER, None),
}
ORDERS: Final[tuple[tuple[str, str, str], ...]] = (
    # site, requester, lead
    ("gent", "requester", "technician"),
    ("gent", "southerner", "mark"),
    ("gent", "caller", "southerner"),
    ("liege", "caller", "southerner"),
    ("gent", "mark", "technician"),
)
ASSETS: Final[Mapping[str, tuple[str, str | None]]] = {
    # site, custodian
    "pump": ("gent", "mark"),
    "fan": ("gent", "southerner"),
    "valve": ("liege", "southerner"),
}
EVERY: Final = frozenset(Scope)


@dataclass(frozen=True)
class House:
    """Rows by name, with the ids under which clients know them."""

    served: Served
    urls: Urls
    rows: Mapping[str, UUID]
    ids: Mapping[str, str]
    client: httpx2.Client

    def token(self, person: str, scopes: frozenset[Scope] = EVERY, caveats: Caveats = UNRESTRICTED) -> str:
        """A token of somebody."""
        secret: str = self.within(lambda tx: _token(tx, self.rows[person], scopes, caveats))
        return secret

    def bound(self, person: str, *sites: str, scopes: frozenset[Scope] = EVERY) -> str:
        """A token that is good on these sites."""
        return self.token(person, scopes, Caveats(sites=frozenset(self.rows[site] for site in sites)))

    def ask(self, token: str, query: str, **variables: object) -> httpx2.Response:
        """One document as whoever holds the token."""
        return self._sent(token, {"query": query, "variables": variables})

    def foretold(self, token: str, query: str, **variables: object) -> httpx2.Response:
        """The same as a dry run: which masks the answer would hold."""
        dry = {"masking": {"dryRun": True}}
        return self._sent(token, {"query": query, "variables": variables, "extensions": dry})

    def _sent(self, token: str, body: Mapping[str, object]) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self.client.post("/graphql", content=json.dumps(body).encode(), headers=headers)

    def data(self, token: str, query: str, **variables: object) -> Any:  # noqa: ANN401  JSON
        """What it answers, without an error."""
        answer = self.ask(token, query, **variables).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def within(self, work: Any) -> Any:  # noqa: ANN401  an async function of a transaction, and what it returns
        """Runs it in a transaction of the organisation."""

        async def run() -> Any:  # noqa: ANN401  as above
            store = open_store(Settings(pool_size=2), self.urls, SystemClock())
            try:
                async with store.transaction(self.served.tenant, write=True) as tx:
                    return await work(tx)
            finally:
                await store.close()

        return asyncio.run(run())


@contextmanager
def keep_house(urls: Urls, slug: str) -> Iterator[House]:
    """The product while it runs."""
    with serve(urls, slug) as served:
        rows, ids = asyncio.run(_furnished(urls, served))
        with httpx2.Client(base_url=served.origin, timeout=20) as client:
            yield House(served, urls, rows, ids, client)


async def _furnished(urls: Urls, served: Served) -> tuple[dict[str, UUID], dict[str, str]]:
    store = open_store(Settings(pool_size=2), urls, SystemClock())
    try:
        rows, codes = await _built(store, served)
        keys = await store.keystore.tenant(served.tenant)
        return rows, {name: keys.ids.seal(codes[name], row) for name, row in rows.items()}
    finally:
        await store.close()


async def _built(store: Store, served: Served) -> tuple[dict[str, UUID], dict[str, int]]:
    admin = viewer_of(served.tenant, served.admin, Role.ADMIN, now=store.clock.now())
    rows, codes = {"admin": served.admin}, {"admin": PERSON.code}
    async with store.transaction(served.tenant, write=True) as tx:
        for name in ("gent", "liege"):
            rows[name], codes[name] = (
                await create_location(tx, admin, given=NewLocation(name=name.title())),
                LOCATION.code,
            )
    async with store.transaction(served.tenant, write=True) as tx:
        for name, (role, site) in PEOPLE.items():
            rows[name], codes[name] = await _member(tx, name, role, rows.get(site or "")), PERSON.code
        values: dict[str, str | None] = {"name": "Cora Caller", "email": "cora@outside.example"}
        rows["caller"] = await create_person(tx, kind="CONTACT", values=values, site_id=rows["gent"])
        codes["caller"] = PERSON.code
    desk = Desk(store, Settings(), Argon2Passwords(CHEAP))
    for name in PEOPLE:
        await join(desk, served.tenant, rows[name], password=PASSWORD)
    async with store.transaction(served.tenant, write=True) as tx:
        await _work(tx, admin, rows, codes)
    return rows, codes


async def _member(tx: Transaction, name: str, role: Role, site: UUID | None) -> UUID:
    values: dict[str, str | None] = {
        "name": f"{name.title()} Peeters", "email": f"{name}@inside.example", "phone": "+32470112233", "job_title": "Fitter",
    }  # fmt: skip
    ends = datetime.now(UTC) + timedelta(days=30) if role in TIME_BOXED else None
    return await add_member(tx, values=values, roles=[GivenRole(role, None, ends)], site_id=site)


async def _work(tx: Transaction, admin: Viewer, rows: dict[str, UUID], codes: dict[str, int]) -> None:
    for name, (site, custodian) in ASSETS.items():
        made = NewAsset(
            name=name.title(), location_id=rows[site], tag=f"T-{name}", custodian_id=rows[custodian or ""]
        )
        rows[name], codes[name] = await create_asset(tx, admin, given=made), ASSET.code
    for number, (site, requester, lead) in enumerate(ORDERS, 1):
        order = NewWorkOrder(
            title=f"Order {number}", location_id=rows[site], requester_id=rows[requester], assignee_id=rows[lead],
            description="The seal leaks.", asset_id=rows["pump"] if site == "gent" else None,
        )  # fmt: skip
        name = f"order {number}"
        rows[name], codes[name] = await create_work_order(tx, admin, given=order), WORK_ORDER.code


async def _token(tx: Transaction, person: UUID, scopes: frozenset[Scope], caveats: Caveats) -> str:
    ends = datetime.now(UTC) + timedelta(days=30)
    issued = await put_token(
        tx, label="test", scopes=scopes, caveats=caveats, expires_at=ends, person_id=person
    )
    return issued.secret
