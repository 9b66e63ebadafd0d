"""Programs of partners in the graph: what is shown of them, to whom, and that nothing happens where it is refused."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.token_format import CLIENT_PREFIX, is_well_formed
from tests.engine.graph import run
from tests.partners.house import House, proven
from tests.schema.changing import place
from tests.worlds import a_world, rows_of

SHOWN = """clientId name scopes purpose siteIds categories networks createdAt expiresAt disabledAt
  secrets { id createdAt lastUsedAt endsAt }"""
LIST = f"{{ partnerClients {{ {SHOWN} }} }}"
ENDS = "2026-12-31T00:00:00Z"


@pytest.fixture
async def house(store: Store, tenant: UUID) -> House:
    """North with a hall and a pump, and South."""
    return House.of(await a_world(store, tenant))


async def result(house: House, viewer: Viewer, verb: str, **given: object) -> Any:  # noqa: ANN401  an ExecutionResult
    name = verb[0].upper() + verb[1:]
    secret = "clientSecret" if verb in {"registerClient", "rotateClientSecret"} else ""
    text = f"mutation ($input: {name}Input!) {{ {verb}(input: $input) {{ {secret} client {{ {SHOWN} }} userErrors {{ code field }} }} }}"
    return await run(house.store, viewer, text, input=given)


async def change(house: House, verb: str, **given: object) -> dict[str, Any]:
    """The payload of a mutation of the administrator that is not denied."""
    done = await result(house, house.admin(), verb, **given)
    assert done.errors is None
    payload: dict[str, Any] = done.data[verb]
    return payload


def registration(**more: object) -> dict[str, object]:
    return {"name": "ERP", "scopes": ["WORK_ORDERS_READ"], "purpose": "SERVICE", "expiresAt": ENDS, **more}


async def rows(eye: asyncpg.Connection, house: House) -> Any:  # noqa: ANN401  records
    return await rows_of(eye, house.world.tenant, "partner_clients", "client_secrets")


async def test_a_program_is_registered_and_listed_and_its_secret_shown_once(
    house: House, clock: SettableClock
) -> None:
    north = await place(house.world, house.world.north)
    asked = registration(
        siteIds=[north], categories=["TIME", "IDENTITY", "OPERATIONAL"], networks=["192.0.2.0/24"]
    )

    made = await change(house, "registerClient", **asked)

    listed = await run(house.store, house.admin(), LIST)
    client = made["client"]
    assert made["userErrors"] == []
    assert is_well_formed(made["clientSecret"], CLIENT_PREFIX)
    assert listed.errors is None
    assert listed.data == {"partnerClients": [client]}
    assert client == {
        "clientId": client["clientId"], "name": "ERP", "scopes": ["work_orders:read"], "purpose": "SERVICE",
        "siteIds": [north], "categories": ["IDENTITY", "TIME"], "networks": ["192.0.2.0/24"],
        "createdAt": client["createdAt"], "expiresAt": "2026-12-31T00:00:00Z", "disabledAt": None,
        "secrets": [{"id": client["secrets"][0]["id"], "createdAt": client["createdAt"], "lastUsedAt": None, "endsAt": None}],
    }  # fmt: skip
    assert made["clientSecret"] not in str(listed.data)


async def test_secrets_are_exchanged_in_the_graph(house: House, clock: SettableClock) -> None:
    made = await change(house, "registerClient", **registration())
    client_id = made["client"]["clientId"]
    clock.advance(timedelta(minutes=1))

    rotated = await change(house, "rotateClientSecret", clientId=client_id)
    third = await change(house, "rotateClientSecret", clientId=client_id)
    old, new = rotated["client"]["secrets"]
    ended = await change(house, "endClientSecret", clientId=client_id, secretId=old["id"])
    last = await change(house, "endClientSecret", clientId=client_id, secretId=new["id"])
    again = await change(
        house, "rotateClientSecret", clientId=client_id, oldSecretEndsAt="2026-11-02T00:00:00Z"
    )

    assert (rotated["userErrors"], rotated["clientSecret"] != made["clientSecret"]) == ([], True)
    assert (old["endsAt"], new["endsAt"]) == ("2026-11-09T09:01:00Z", None)
    assert third == {
        "client": None,
        "clientSecret": None,
        "userErrors": [{"code": "CONFLICT", "field": "clientId"}],
    }
    assert [one["id"] for one in ended["client"]["secrets"]] == [new["id"]]
    assert last["userErrors"] == [{"code": "CONFLICT", "field": "secretId"}]
    assert [one["id"] == new["id"] for one in again["client"]["secrets"]] == [False]


async def test_a_disabled_program_stays_listed(house: House) -> None:
    made = await change(house, "registerClient", **registration())

    done = await change(house, "disableClient", clientId=made["client"]["clientId"])

    listed = await run(house.store, house.admin(), LIST)
    assert done["client"]["disabledAt"] == "2026-11-02T09:00:00Z"
    assert listed.data == {"partnerClients": [done["client"]]}


async def test_what_is_wrong_is_named_and_nothing_is_kept(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    pump, hall = await place(house.world, house.world.pump), await place(house.world, house.world.hall)
    wrong: dict[str, tuple[dict[str, object], tuple[str, str | None]]] = {
        "no name": ({"name": " "}, ("BAD_USER_INPUT", "name")),
        "a masked name": ({"name": "E•"}, ("MASKED_VALUE_REJECTED", "name")),
        "no scope": ({"scopes": []}, ("BAD_USER_INPUT", "scopes")),
        "a scope of people": ({"scopes": ["ADMIN"]}, ("BAD_USER_INPUT", "scopes")),
        "a network that is none": ({"networks": ["office"]}, ("BAD_USER_INPUT", "networks")),
        "a place that is no site": ({"siteIds": [hall]}, ("NOT_FOUND", "siteIds")),
        "an id that names no place": ({"siteIds": [pump]}, ("NOT_FOUND", "siteIds")),
        "too long": ({"expiresAt": "2028-01-01T00:00:00Z"}, ("BAD_USER_INPUT", "expiresAt")),
        "over": ({"expiresAt": "2026-11-02T09:00:00Z"}, ("BAD_USER_INPUT", "expiresAt")),
    }

    found = {
        name: (await change(house, "registerClient", **registration(**given)))["userErrors"]
        for name, (given, _) in wrong.items()
    }

    assert found == {name: [{"code": code, "field": field}] for name, (_, (code, field)) in wrong.items()}
    assert await rows(owner_eye, house) == []


async def test_an_unknown_program_and_a_garbled_secret_are_not_found(house: House) -> None:
    made = await change(house, "registerClient", **registration())
    client_id = made["client"]["clientId"]

    for verb in ("rotateClientSecret", "disableClient"):
        assert (await change(house, verb, clientId="nobody"))["userErrors"] == [
            {"code": "NOT_FOUND", "field": "clientId"}
        ]
    for secret in ("garbage", await place(house.world, house.world.north)):
        done = await change(house, "endClientSecret", clientId=client_id, secretId=secret)
        assert done["userErrors"] == [{"code": "NOT_FOUND", "field": "secretId"}]


async def denials(eye: asyncpg.Connection, house: House) -> list[tuple[str, str]]:
    found = await eye.fetch(
        "SELECT action, reason FROM audit_entries WHERE tenant_id = $1 AND outcome = 'DENIED' ORDER BY action, reason",
        house.world.tenant,
    )
    return [(row["action"], row["reason"]) for row in found]


async def test_whoever_may_not_and_whoever_did_not_prove_it_again_is_denied_and_on_record(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    made = await change(house, "registerClient", **registration())
    client_id, secret = made["client"]["clientId"], made["client"]["secrets"][0]["id"]
    before = await rows(owner_eye, house)
    given: dict[str, dict[str, object]] = {
        "registerClient": registration(),
        "rotateClientSecret": {"clientId": client_id},
        "endClientSecret": {"clientId": client_id, "secretId": secret},
        "disableClient": {"clientId": client_id},
    }
    manager, unproven = proven(house.world.as_manager), house.world.as_admin

    codes = []
    for viewer in (manager, unproven):
        for verb, one in given.items():
            done = await result(house, viewer, verb, **one)
            assert done.data == {verb: None}
            codes.append(done.errors[0].original_error.code)
    listed = await run(house.store, manager, LIST)

    assert codes == ["FORBIDDEN"] * 4 + ["STEP_UP_REQUIRED"] * 4
    assert listed.data == {"partnerClients": None}
    assert await rows(owner_eye, house) == before
    assert await denials(owner_eye, house) == sorted(
        (action, reason)
        for action in ("CLIENT_REGISTER", "CLIENT_SECRET_ROTATE", "CLIENT_SECRET_END", "CLIENT_DISABLE")
        for reason in ("ROLE", "STEP_UP_REQUIRED")
    )


async def test_a_program_wider_than_who_registers_it_is_refused_as_data_and_on_record(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    local = house.admin(sites=frozenset({house.world.north}))

    done = await result(house, local, "registerClient", **registration())

    assert done.data["registerClient"] == {
        "client": None, "clientSecret": None, "userErrors": [{"code": "GRANT_REFUSED", "field": None}],
    }  # fmt: skip
    assert await rows(owner_eye, house) == []
    assert await denials(owner_eye, house) == [("CLIENT_REGISTER", "SITES")]
