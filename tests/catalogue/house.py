"""A running product with somebody for every part and rows of every kind, all made through the graph; and how a try is put, refused and found on record."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import asyncpg
import httpx2

from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.settings import Settings
from permissions.principals import Role
from schema.entities import PERSON
from tests.conftest import Cluster
from tests.people import add_person
from tests.web.programs import Program, register
from tests.web.serving import Served, _found, add_colleague

TABLES: Final = (
    "people", "users", "role_grants", "teams", "team_members", "locations", "assets", "work_orders", "work_order_assignees",
    "work_order_signatures", "work_order_history", "api_tokens", "partner_clients", "client_secrets",
)  # fmt: skip
"""What a denied change would have changed."""
SECRETS: Final = {
    "name": "Zebedeus Quickenborne",
    "email": "zebedeus@quickenborne.example",
    "phone": "+32479887766",
}
"""Of the contact who asks for the work and keeps the pump: nobody but those with the right may see them."""


@dataclass
class House:
    """Two organisations; everything here is in the first one unless it says `other`. Ids are global ids."""

    product: Served
    cluster: Cluster
    urls: Urls
    other: Served
    people: dict[str, tuple[UUID, str]]
    program: Program
    ids: dict[str, str] = field(default_factory=dict)

    def token(self, who: str) -> str:
        """The bearer token of a part."""
        return self.product.token if who == "admin" else self.people[who][1]

    def ask(self, who: str, text: str, **variables: object) -> httpx2.Response:
        """The answer to a document; nobody is `nobody`."""
        body = json.dumps({"query": text, "variables": variables}).encode()
        headers = {"Content-Type": "application/json"}
        if who != "nobody":
            headers["Authorization"] = f"Bearer {self.token(who)}"
        return httpx2.post(f"{self.product.origin}/graphql", content=body, headers=headers, timeout=20)

    def data(self, who: str, text: str, **variables: object) -> Any:  # noqa: ANN401  JSON
        """The data of an answer without an error."""
        answer = self.ask(who, text, **variables).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def change(self, who: str, name: str, given: Mapping[str, object], shown: str = "__typename") -> Any:  # noqa: ANN401
        """The payload of a mutation that is taken."""
        kind = name[0].upper() + name[1:] + "Input"
        kind = {"AssignRoleInput": "MemberRoleInput", "RemoveRoleInput": "MemberRoleInput"}.get(kind, kind)
        kind = {"PutOnTeamInput": "TeamMemberInput", "TakeOffTeamInput": "TeamMemberInput"}.get(kind, kind)
        kind = {"DeactivateUserInput": "MemberInput", "ReactivateUserInput": "MemberInput"}.get(kind, kind)
        text = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {shown} userErrors {{ code field }} }} }}"
        answer = self.ask(who, text, input=given).json()
        assert "errors" not in answer, answer
        return answer["data"][name]

    def made(self, who: str, name: str, given: Mapping[str, object], of: str) -> str:
        """The id of what a mutation makes."""
        payload = self.change(who, name, given, f"{of} {{ id }}")
        assert payload["userErrors"] == [], payload
        text: str = payload[of]["id"]
        return text

    def fetch(self, query: str, *given: object) -> list[asyncpg.Record]:
        """Rows of the main database, without any rule."""
        return asyncio.run(self._fetch(query, given))

    async def _fetch(self, query: str, given: tuple[object, ...]) -> list[asyncpg.Record]:
        eye = await self.cluster.main.admin(f"main_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}")
        try:
            found: list[asyncpg.Record] = await eye.fetch(query, *given)
            return found
        finally:
            await eye.close()

    def stored(self) -> list[str]:
        """Every row that a change could touch, as text. When a credential was used last is no change."""
        parts = " UNION ALL ".join(
            f"SELECT '{name} ' || (to_jsonb(t) - 'last_used_at' - 'last_seen_at' - 'secret_hash')::text AS row"
            f" FROM {name} t WHERE tenant_id = $1"
            for name in TABLES
        )
        return [row["row"] for row in self.fetch(f"{parts} ORDER BY 1", self.product.tenant)]

    def denials(self, who: str) -> list[tuple[str, str]]:
        """What this part was refused, by action and reason."""
        actor = self.product.admin if who == "admin" else self.people[who][0]
        rows = self.fetch(
            "SELECT action, reason FROM audit_entries WHERE tenant_id = $1 AND actor_id = $2 AND outcome = 'DENIED'"
            " ORDER BY at, id",
            self.product.tenant, actor,
        )  # fmt: skip
        return [(row["action"], row["reason"]) for row in rows]


def codes_of(answer: httpx2.Response) -> list[str]:
    """Of the errors, and of the expected refusals in the payloads of mutations."""
    body = answer.json()
    found = [error["extensions"]["code"] for error in body.get("errors", [])]
    for payload in (body.get("data") or {}).values():
        if isinstance(payload, dict):
            found += [error["code"] for error in payload.get("userErrors", [])]
    return found


def denied(
    house: House, who: str, attempt: Callable[[], httpx2.Response], code: str, record: tuple[str, str] | None
) -> httpx2.Response:
    """The try is refused with this code alone, nothing is stored, and this is put on record, soon."""
    before, known = house.stored(), len(house.denials(who))

    answer = attempt()

    assert set(codes_of(answer)) == {code}, answer.text
    assert house.stored() == before
    if record is not None:
        until = time.monotonic() + 10
        while len(house.denials(who)) == known and time.monotonic() < until:
            time.sleep(0.05)
        found = house.denials(who)[known:]
        assert found == [record], found
    return answer


def build(product: Served, cluster: Cluster, urls: Urls) -> House:
    """Everybody, two sites, equipment, finished work with a signature, a team, and a neighbour who has some of it too."""
    tenant, admin, token = asyncio.run(_found(Settings(pool_size=2), urls, "catalogue-other"))
    people = {
        who: add_colleague(urls, product, name, role)
        for who, name, role in (
            ("technician", "Timon Claes", Role.TECHNICIAN),
            ("viewer", "Vera Maes", Role.VIEWER),
            ("quality", "Quinta Smet", Role.QUALITY_MANAGER),
            ("leaver", "Leo Jacobs", Role.TECHNICIAN),
        )
    }
    program = register(product, "USERS_READ", "LOCATIONS_READ", "ASSETS_WRITE", "WORK_ORDERS_WRITE")
    house = House(product, cluster, urls, Served(product.origin, tenant, admin, token), people, program)
    house.people["program"] = (UUID(int=0), program.token())
    house.ids |= asyncio.run(_contacts(house))
    _fill(house)
    _fill_other(house)
    return house


async def _contacts(house: House) -> dict[str, str]:
    """People without a sign-in, whom no mutation makes yet; and the ids of the members."""
    store = open_store(Settings(pool_size=2), house.urls, SystemClock())
    try:
        here, there = house.product.tenant, house.other.tenant
        contact = await add_person(store, here, kind="REQUESTER", site=None, flags=0, **SECRETS)
        away = await add_person(store, there, kind="REQUESTER", name="Otto Away", email="otto@away.example")
        ids = (await store.keystore.tenant(here)).ids
        theirs = (await store.keystore.tenant(there)).ids
        members = {who: person for who, (person, _) in house.people.items() if person.int}
        members |= {"admin": house.product.admin, "contact": contact}
        found = {who: ids.seal(PERSON.code, person) for who, person in members.items()}
        return found | {"other contact": theirs.seal(PERSON.code, away)}
    finally:
        await store.close()


def _fill(house: House) -> None:
    ids = house.ids
    ids["north"] = house.made("admin", "createLocation", {"name": "North"}, "location")
    ids["south"] = house.made("admin", "createLocation", {"name": "South"}, "location")
    ids["hall"] = house.made(
        "admin", "createLocation", {"name": "Hall", "parentId": ids["north"]}, "location"
    )
    kept = {
        "custodianId": ids["contact"],
        "tag": "P-1",
        "serialNumber": "SN-7",
        "description": "Loud, says Vera.",
    }
    ids["pump"] = house.made(
        "admin", "createAsset", {"name": "Pump", "locationId": ids["hall"], **kept}, "asset"
    )
    ids["fan"] = house.made("admin", "createAsset", {"name": "Fan", "locationId": ids["south"]}, "asset")
    asked = {"assetId": ids["pump"], "requesterId": ids["contact"], "description": "It leaks, says Vera."}
    ids["order"] = house.made("admin", "createWorkOrder", {"title": "Seal", **asked}, "workOrder")
    ids["far order"] = house.made(
        "admin", "createWorkOrder", {"title": "Fan", "assetId": ids["fan"]}, "workOrder"
    )
    order = {"workOrderId": ids["order"]}
    house.made("admin", "assignWorkOrder", order | {"assigneeId": ids["technician"]}, "workOrder")
    house.made("admin", "openWorkOrder", order, "workOrder")
    house.made("technician", "startWorkOrder", order, "workOrder")
    house.made("technician", "completeWorkOrder", order | {"outcome": "RESOLVED"}, "workOrder")
    house.made("technician", "signWorkOrder", order | {"meaning": "PERFORMED"}, "workOrder")
    ids["team"] = house.made("admin", "createTeam", {"name": "Night"}, "team")
    house.change("admin", "putOnTeam", {"teamId": ids["team"], "personId": ids["technician"]})
    inside = "{ workOrder(id: %s) { history(first: 1) { nodes { id } } signatures { id } } }"
    found = house.data("admin", inside % json.dumps(ids["order"]))["workOrder"]
    ids["change"], ids["signature"] = found["history"]["nodes"][0]["id"], found["signatures"][0]["id"]
    roles = house.data("admin", "{ viewer { roles { id } } }")["viewer"]["roles"]
    ids["role"] = roles[0]["id"]


def _fill_other(house: House) -> None:
    """What the neighbour has, by the names of here."""
    there, ids = House(house.other, house.cluster, house.urls, house.other, {}, house.program), house.ids
    ids["other north"] = there.made("admin", "createLocation", {"name": "North"}, "location")
    given = {"name": "Pump", "locationId": ids["other north"], "tag": "P-1"}
    ids["other pump"] = there.made("admin", "createAsset", given, "asset")
    given = {"title": "Seal", "assetId": ids["other pump"]}
    ids["other order"] = there.made("admin", "createWorkOrder", given, "workOrder")
    ids["other team"] = there.made("admin", "createTeam", {"name": "Night"}, "team")
    viewer = there.data("admin", "{ viewer { id roles { id } } }")["viewer"]
    ids["other admin"], ids["other role"] = viewer["id"], viewer["roles"][0]["id"]
