"""Section B of the catalogue, writing: what may not be written is refused, nothing is stored, and the try is on record."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from tests.catalogue.house import SECRETS, House, codes_of, denied
from tests.catalogue.table import no_such_road

SOON = (datetime.now(UTC) + timedelta(days=1)).isoformat()
Given = Callable[[dict[str, str]], dict[str, object]]
PAYLOADS: list[tuple[str, str, str, Given, str]] = [
    ("Asset", "updateAsset", "asset { custodian { displayName name email phone } }", lambda ids: {"assetId": ids["pump"], "name": "Pump"}, "custodian"),
    ("WorkOrder", "updateWorkOrder", "workOrder { requester { displayName name email phone } }", lambda ids: {"workOrderId": ids["order"], "title": "Seal"}, "requester"),
    ("WorkOrder", "createWorkOrder", "workOrder { requester { displayName name email phone } }", lambda ids: {"title": "New", "assetId": ids["fan"], "requesterId": ids["contact"]}, "requester"),
]  # fmt: skip


@pytest.mark.parametrize(("of", "name", "shown", "given", "person"), PAYLOADS)
def test_b31_a_payload_shows_a_program_what_a_query_would(
    house: House, of: str, name: str, shown: str, given: Given, person: str
) -> None:
    """The order of the house is finished, so that nothing of it changes by its own title."""
    payload = house.change("program", name, given(house.ids), shown)

    row = payload[of[0].lower() + of[1:]]
    assert payload["userErrors"] == []
    assert (row[person]["email"], row[person]["phone"]) == (None, None)
    assert row[person]["displayName"].startswith("Requester #")
    assert all(value not in json.dumps(payload) for value in SECRETS.values())


@pytest.mark.parametrize(
    ("of", "name", "given", "shown"),
    [
        ("User", "assignRole", lambda ids: {"personId": ids["leaver"], "role": "VIEWER"}, "user { name email phone }"),
        ("RoleAssignment", "removeRole", lambda ids: {"personId": ids["leaver"], "role": "VIEWER"}, "user { name email phone roles { role } }"),
    ],
)  # fmt: skip
def test_b31_a_payload_shows_a_narrowed_token_what_a_query_would(
    house: House, of: str, name: str, given: Given, shown: str
) -> None:
    house.people["narrowed"] = (house.product.admin, narrowed(house))
    payload = house.change("narrowed", name, given(house.ids), shown)

    (row,) = (value for key, value in payload.items() if key != "userErrors")
    assert payload["userErrors"] == []
    assert (row["email"], row["phone"]) == (None, None)
    assert "•" in row["name"]


def narrowed(house: House) -> str:
    """A token of the administrator's, without a word of personal data."""
    scopes = ["USERS_READ", "USERS_WRITE", "ADMIN", "ASSETS_WRITE", "LOCATIONS_WRITE", "WORK_ORDERS_WRITE"]
    given = {"label": "narrow", "scopes": scopes, "expiresAt": SOON}
    made = house.change("admin", "createToken", given, "secret")
    assert made["userErrors"] == []
    secret: str = made["secret"]
    return secret


FORBIDDEN: list[tuple[str, str, str, str]] = [
    ("Asset.description", "program", 'updateAsset(input: {assetId: "%(pump)s", description: "x"})', "ASSET_UPDATE"),
    ("WorkOrder.description", "program", 'createWorkOrder(input: {title: "a", assetId: "%(fan)s", description: "x"})', "WORK_ORDER_CREATE"),
    ("WorkOrder.assignee", "program", 'createWorkOrder(input: {title: "a", assetId: "%(fan)s", assigneeId: "%(viewer)s"})', "WORK_ORDER_CREATE"),
    ("User.email", "bare", 'rectifyPersonalData(input: {subjectId: "%(viewer)s", corrections: {email: "a@b.example"}})', "PERSON_RECTIFY"),
    ("Location.name", "viewer", 'updateLocation(input: {locationId: "%(hall)s", name: "x"})', "LOCATION_UPDATE"),
    ("Team.name", "viewer", 'renameTeam(input: {teamId: "%(team)s", name: "x"})', "TEAM_MANAGE"),
]  # fmt: skip


@pytest.mark.parametrize(("of", "who", "call", "action"), FORBIDDEN)
def test_b32_an_input_field_that_may_not_be_written_is_refused(
    house: House, of: str, who: str, call: str, action: str
) -> None:
    text = f"mutation {{ {call % house.ids} {{ __typename }} }}"
    if who == "bare":
        house.people["bare"] = (house.product.admin, narrowed(house))
    reason = {"program": "FIELD", "bare": "SCOPE", "viewer": "ROLE"}[who]
    record = None if who == "program" else (action, reason)

    denied(house, who, lambda: house.ask(who, text), "GRAPHQL_VALIDATION_FAILED", record)
    if who == "program":
        assert (action, reason) in of_programs(house)


def of_programs(house: House) -> list[tuple[str, str]]:
    """What programs were refused, soon."""
    until = time.monotonic() + 10
    while True:
        rows = house.fetch(
            "SELECT action, reason FROM audit_entries WHERE tenant_id = $1 AND actor_kind = 'CLIENT' AND outcome = 'DENIED'"
            " ORDER BY at, id", house.product.tenant,
        )  # fmt: skip
        if rows or time.monotonic() > until:
            return [(row["action"], row["reason"]) for row in rows]
        time.sleep(0.05)


SELF_GIVEN: list[tuple[str, str, Given, str]] = [
    ("RoleAssignment", "assignRole", lambda ids: {"personId": ids["admin"], "role": "AUDITOR", "expiresAt": SOON}, "ROLE_ASSIGN"),
    ("Team", "putOnTeam", lambda ids: {"teamId": ids["team"], "personId": ids["admin"]}, "TEAM_PUT_ON"),
]  # fmt: skip


@pytest.mark.parametrize(("of", "name", "given", "action"), SELF_GIVEN)
def test_b33_nobody_gives_himself_sight(house: House, of: str, name: str, given: Given, action: str) -> None:
    kind = {"assignRole": "MemberRoleInput", "putOnTeam": "TeamMemberInput"}[name]
    text = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"

    denied(
        house,
        "admin",
        lambda: house.ask("admin", text, input=given(house.ids)),
        "GRANT_REFUSED",
        (action, "SELF_GRANT"),
    )


def test_b33_a_narrowed_token_gives_no_role_that_is_more_than_it(house: House) -> None:
    house.people["narrow"] = (house.product.admin, narrowed(house))
    text = "mutation ($input: MemberRoleInput!) { assignRole(input: $input) { userErrors { code } } }"
    given = {"personId": house.ids["viewer"], "role": "MANAGER"}

    denied(
        house,
        "narrow",
        lambda: house.ask("narrow", text, input=given),
        "GRANT_REFUSED",
        ("ROLE_ASSIGN", "WIDER"),
    )


@pytest.mark.parametrize("of", ["ApiToken", "PartnerClient"])
def test_b33_who_administers_gives_no_credential_that_is_more_than_his_own(house: House, of: str) -> None:
    house.people["narrow"] = (house.product.admin, narrowed(house))
    name, kind = {
        "ApiToken": ("createToken", "CreateTokenInput"),
        "PartnerClient": ("registerClient", "RegisterClientInput"),
    }[of]
    given: dict[str, object] = {"scopes": ["USERS_READ"], "expiresAt": SOON}
    given |= {"label": "x"} if of == "ApiToken" else {"name": "x", "purpose": "SERVICE"}
    text = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"

    answer = denied(
        house, "narrow", lambda: house.ask("narrow", text, input=given), "STEP_UP_REQUIRED",
        ("TOKEN_CREATE" if of == "ApiToken" else "CLIENT_REGISTER", "STEP_UP_REQUIRED"),
    )  # fmt: skip

    assert answer.json()["data"] == {name: None}


@pytest.mark.parametrize(
    ("of", "call"),
    [
        ("WorkOrder.status", 'updateWorkOrder(input: {workOrderId: "%(order)s", status: CLOSED})'),
        ("WorkOrder.number", 'updateWorkOrder(input: {workOrderId: "%(order)s", number: 1})'),
        (
            "WorkOrder.completedAt",
            'updateWorkOrder(input: {workOrderId: "%(order)s", completedAt: "2026-01-01T00:00:00Z"})',
        ),
        ("Asset.version", 'updateAsset(input: {assetId: "%(pump)s", version: 9})'),
        ("Asset.id", 'updateAsset(input: {assetId: "%(pump)s", id: "x"})'),
        ("Location.site", 'updateLocation(input: {locationId: "%(hall)s", siteId: "%(south)s"})'),
        (
            "User.roles",
            'rectifyPersonalData(input: {subjectId: "%(viewer)s", corrections: {roles: [ADMIN]}})',
        ),
        (
            "User.status",
            'rectifyPersonalData(input: {subjectId: "%(viewer)s", corrections: {status: ACTIVE}})',
        ),
    ],
)
def test_b34_what_is_derived_is_no_input_and_nothing_is_imported(house: House, of: str, call: str) -> None:
    no_such_road("B34", "import")
    text = f"mutation {{ {call % house.ids} {{ __typename }} }}"

    denied(house, "admin", lambda: house.ask("admin", text), "GRAPHQL_VALIDATION_FAILED", None)


def test_b35_no_address_beside_the_endpoint_answers_a_question(house: House) -> None:
    body = {"query": "{ users(first: 1) { nodes { email } } }"}
    headers = {"Authorization": f"Bearer {house.product.token}"}
    paths = (
        "/sql",
        "/admin",
        "/api",
        "/graphql/",
        "/graphql/batch",
        "/console",
        "/debug",
        "/metrics",
        "/playground",
    )

    answers = [
        httpx2.post(f"{house.product.origin}{path}", json=body, headers=headers, timeout=20) for path in paths
    ]

    assert [answer.status_code in {307, 404, 405} for answer in answers] == [True] * len(paths)
    assert all(b"@" not in answer.content for answer in answers)


def test_b35_the_console_and_the_endpoint_have_one_gate(house: House) -> None:
    """The console asks like everybody else: without a session it has no token to ask with, and nobody reads nothing."""
    origin = house.product.origin

    session = httpx2.get(f"{origin}/console/session", timeout=20)
    nobody = house.ask("nobody", "{ users(first: 1) { nodes { email } } }")
    by_address = httpx2.get(
        f"{origin}/graphql", params={"query": "{ users(first: 1) { totalCount } }"}, timeout=20
    )

    assert session.json() == {"csrfToken": None}
    assert [codes_of(answer) for answer in (nobody, by_address)] == [["UNAUTHENTICATED"]] * 2
