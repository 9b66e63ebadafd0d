"""Section D of the catalogue: roads beside the answer, what is left of an erased person, masks that come back, credentials that make others."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.installation import open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.identity.tokens import put_token
from permissions.caveats import UNRESTRICTED
from permissions.principals import Role, Scope
from schema.entities import PERSON
from tests.catalogue.house import House, codes_of, denied
from tests.catalogue.table import no_such_road
from tests.people import add_person
from tests.web.serving import add_colleague

SOON = (datetime.now(UTC) + timedelta(days=1)).isoformat()
GONE = {"name": "Gonzales Verdwenen", "email": "gonzales@colleague.example"}


def test_d61_nothing_is_sent_to_an_address_of_a_partner() -> None:
    no_such_road("D61")


def test_d63_nothing_is_reported_on_a_schedule() -> None:
    no_such_road("D63")


def test_d65_no_file_is_taken() -> None:
    no_such_road("D65")


@pytest.fixture(scope="module")
def erased(house: House) -> dict[str, str]:
    """Ids of what somebody left behind who did work, signed it, keeps a machine and is in a team; and then was erased."""
    person, token = add_colleague(house.urls, house.product, GONE["name"], Role.TECHNICIAN)
    house.people["gone"] = (person, token)
    me = house.data("gone", "{ viewer { id } }")["viewer"]["id"]
    asset = house.made(
        "admin", "createAsset", {"name": "Saw", "locationId": house.ids["hall"], "custodianId": me}, "asset"
    )
    asked = {"title": "Blade", "assetId": asset, "requesterId": me}
    order = house.made("admin", "createWorkOrder", asked, "workOrder")
    given = {"workOrderId": order}
    house.made("admin", "assignWorkOrder", given | {"assigneeId": me}, "workOrder")
    house.made("admin", "openWorkOrder", given, "workOrder")
    house.made("gone", "startWorkOrder", given, "workOrder")
    house.made("gone", "completeWorkOrder", given | {"outcome": "RESOLVED"}, "workOrder")
    house.made("gone", "signWorkOrder", given | {"meaning": "PERFORMED"}, "workOrder")
    house.change("admin", "putOnTeam", {"teamId": house.ids["team"], "personId": me})
    assert GONE["name"] in json.dumps(left_of(house, "admin", {"asset": asset, "order": order, "person": me}))
    done = house.change("admin", "erasePersonalData", {"subjectId": me, "ground": "CONSENT_WITHDRAWN"})
    assert done["userErrors"] == []
    return {"asset": asset, "order": order, "person": me}


PERSONAL = "displayName name email phone jobTitle"
LEFT = {
    "User": "person: user(id: $person) { %s lastSeenAt }",
    "Asset": "asset(id: $asset) { custodian { %s } }",
    "WorkOrder": "order: workOrder(id: $order) { requester { %s } assignee { %s } completedBy { %s } assignees { %s } }",
    "WorkOrderChange": "history: workOrder(id: $order) { history(first: 20) { nodes { actor { %s } reason } } }",
    "WorkOrderSignature": "signed: workOrder(id: $order) { signatures { signer { %s } signerName signerTitle } }",
}


def left_of(house: House, who: str, ids: dict[str, str], of: str | None = None) -> Any:  # noqa: ANN401  JSON
    """Everything that names the person, or what one type does."""
    chosen = LEFT.values() if of is None else [LEFT[of]]
    text = " ".join(one.replace("%s", PERSONAL) for one in chosen)
    head = ", ".join(f"${name}: ID!" for name in ids if f"${name})" in text)
    return house.data(
        who, f"query ({head}) {{ {text} }}", **{key: ids[key] for key in ids if f"${key})" in text}
    )


@pytest.mark.parametrize("of", LEFT)
def test_d67_who_is_erased_is_named_nowhere(house: House, erased: dict[str, str], of: str) -> None:
    told = {who: left_of(house, who, erased, of) for who in ("admin", "quality", "program")}

    found = json.dumps(told)
    assert [value for value in GONE.values() if value in found] == []
    assert "Gonzales" not in found
    assert of == "User" or "Technician #" in found


def test_d67_no_search_and_no_row_of_the_database_holds_the_name(
    house: House, erased: dict[str, str]
) -> None:
    by_name = house.data("admin", '{ users(first: 5, filter: {namePrefix: "Gonz"}) { totalCount } }')
    by_mail = house.data(
        "admin", f'{{ users(first: 5, filter: {{email: "{GONE["email"]}"}}) {{ totalCount }} }}'
    )
    tables = [
        row["name"]
        for row in house.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    ]
    rows = [row["row"] for name in tables for row in house.fetch(f'SELECT t::text AS row FROM "{name}" t')]

    assert (by_name, by_mail) == ({"users": {"totalCount": 0}}, {"users": {"totalCount": 0}})
    assert [row for row in rows if "gonzales" in row.lower() or "476f6e7a616c6573" in row.lower()] == []
    assert erased["person"] != ""


RESTORED = ["User", "Contact", "WorkOrder"]


@pytest.mark.parametrize("of", RESTORED)
def test_d68_rows_that_come_back_from_a_copy_stay_unreadable(house: House, of: str) -> None:
    """The copy holds the ciphertext and says that nobody was erased; the key is not in it, and stays destroyed."""
    row, name = _somebody(house, of)
    subject = house.fetch(
        "SELECT id FROM people WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1", house.product.tenant
    )[0]["id"]
    copy = house.fetch("SELECT sealed_account, flags FROM people WHERE id = $1", subject)[0]
    read = "query ($id: ID!) { node(id: $id) { ... on Person { name email } ... on WorkOrder { requester { name email } } } }"
    assert name in json.dumps(house.data("admin", read, id=row))
    person = (
        row
        if of != "WorkOrder"
        else house.data("admin", "query ($id: ID!) { workOrder(id: $id) { requester { id } } }", id=row)[
            "workOrder"
        ]["requester"]["id"]
    )
    assert (
        house.change("admin", "erasePersonalData", {"subjectId": person, "ground": "OBJECTION"})["userErrors"]
        == []
    )

    house.fetch(
        "UPDATE people SET sealed_account = $2, flags = $3 WHERE id = $1",
        subject,
        copy["sealed_account"],
        copy["flags"],
    )

    answer = house.ask("admin", read, id=row)
    assert name not in answer.text
    assert "errors" not in answer.json() or set(codes_of(answer)) == {"SUBJECT_ERASED"}


def _somebody(house: House, of: str) -> tuple[str, str]:
    """A row of this type that names somebody new, and the name."""
    name = f"Restora {of}son"
    if of == "User":
        _, token = add_colleague(house.urls, house.product, f"Rest{of} Orable", Role.VIEWER)
        house.people["restored"] = (house.product.admin, token)
        return house.data("restored", "{ viewer { id } }")["viewer"]["id"], f"Rest{of} Orable"
    contact = asyncio.run(_contact(house, name))
    if of == "Contact":
        return contact, name
    given = {"title": "Asked", "assetId": house.ids["pump"], "requesterId": contact}
    return house.made("admin", "createWorkOrder", given, "workOrder"), name


async def _contact(house: House, name: str) -> str:
    store = open_store(Settings(pool_size=2), house.urls, SystemClock())
    try:
        person = await add_person(store, house.product.tenant, kind="REQUESTER", name=name)
        return (await store.keystore.tenant(house.product.tenant)).ids.seal(PERSON.code, person)
    finally:
        await store.close()


MASKS: list[tuple[str, str, Callable[[dict[str, str]], dict[str, object]], str]] = [
    ("User", "rectifyPersonalData", lambda ids: {"subjectId": ids["viewer"], "corrections": {"name": "V•• M••"}}, "name"),
    ("User", "rectifyPersonalData", lambda ids: {"subjectId": ids["viewer"], "corrections": {"email": "v•••@•••"}}, "email"),
    ("Contact", "rectifyPersonalData", lambda ids: {"subjectId": ids["contact"], "corrections": {"phone": "•••• •• 66"}}, "phone"),
    ("Asset", "updateAsset", lambda ids: {"assetId": ids["pump"], "description": "•••"}, "description"),
    ("WorkOrder", "updateWorkOrder", lambda ids: {"workOrderId": ids["far order"], "title": "F••"}, "title"),
    ("Location", "updateLocation", lambda ids: {"locationId": ids["hall"], "address": "•"}, "address"),
    ("Team", "renameTeam", lambda ids: {"teamId": ids["team"], "name": "N••"}, "name"),
]  # fmt: skip


@pytest.mark.parametrize(("of", "name", "given", "field"), MASKS)
def test_d69_a_mask_is_not_written_back(
    house: House, of: str, name: str, given: Callable[[dict[str, str]], dict[str, object]], field: str
) -> None:
    before = house.stored()

    refused = house.change("admin", name, given(house.ids))

    assert refused["userErrors"] == [{"code": "MASKED_VALUE_REJECTED", "field": field}]
    assert house.stored() == before


@pytest.mark.parametrize("of", ["User", "Asset", "Location"])
def test_d69_a_mask_is_not_compared_either(house: House, of: str) -> None:
    field = {"User": "users", "Asset": "assets", "Location": "locations"}[of]
    answer = house.ask("admin", f'{{ {field}(first: 1, filter: {{namePrefix: "P••"}}) {{ totalCount }} }}')

    assert codes_of(answer) == ["MASKED_VALUE_REJECTED"]


def wider(house: House, of: str) -> tuple[str, str, dict[str, object]]:
    """A token that proves itself and lacks a scope, and how it tries to make what has it."""
    scopes = ["USERS_READ", "USERS_WRITE", "ADMIN", "PRIVACY_EXECUTE"]
    made = house.change(
        "admin", "createToken", {"label": "made", "scopes": scopes[:3], "expiresAt": SOON}, "secret"
    )
    if of == "RoleAssignment":
        return made["secret"], "assignRole", {"personId": house.ids["viewer"], "role": "MANAGER"}
    own = asyncio.run(_proven(house))
    if of == "ApiToken":
        return own, "createToken", {"label": "x", "scopes": ["ASSETS_READ"], "expiresAt": SOON}
    given: dict[str, object] = {
        "name": "x",
        "scopes": ["ASSETS_READ"],
        "purpose": "SERVICE",
        "expiresAt": SOON,
    }
    return own, "registerClient", given


async def _proven(house: House) -> str:
    """A bearer token with a proof, for people alone."""
    store = open_store(Settings(pool_size=2), house.urls, SystemClock())
    try:
        async with store.transaction(house.product.tenant, write=True) as tx:
            issued = await put_token(
                tx, label="proven", scopes=frozenset({Scope.USERS_WRITE, Scope.ADMIN, Scope.PRIVACY_EXECUTE}),
                caveats=UNRESTRICTED, expires_at=datetime.now(UTC) + timedelta(days=2), person_id=house.product.admin,
            )  # fmt: skip
        return issued.secret
    finally:
        await store.close()


@pytest.mark.parametrize("of", ["ApiToken", "PartnerClient", "RoleAssignment"])
def test_d71_a_token_makes_nothing_that_is_wider_than_it(house: House, of: str) -> None:
    token, name, given = wider(house, of)
    house.people["maker"] = (house.product.admin, token)
    kind = {"assignRole": "MemberRoleInput"}.get(name, name[0].upper() + name[1:] + "Input")
    text = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
    action = {
        "assignRole": "ROLE_ASSIGN",
        "createToken": "TOKEN_CREATE",
        "registerClient": "CLIENT_REGISTER",
    }[name]

    denied(house, "maker", lambda: house.ask("maker", text, input=given), "GRANT_REFUSED", (action, "WIDER"))


@pytest.mark.parametrize(
    "scope", ["locations:write", "pii:contact", "admin", "privacy:execute", "work_orders:read admin"]
)
def test_d71_a_program_gets_no_token_beyond_its_registration(house: House, scope: str) -> None:
    before = house.stored()

    answer = house.program.post("/oauth/token", {"grant_type": "client_credentials", "scope": scope})

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert house.stored() == before
