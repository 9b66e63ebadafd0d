"""Section C of the catalogue: errors, logs, caches and time tell nothing that an answer does not."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import httpx2
import pytest
from structlog.testing import capture_logs

from tests.catalogue.house import House, codes_of
from tests.catalogue.shutting import SHUT

SECRET = "hunter2-quickenborne"
GUTS = (
    "DETAIL",
    "constraint",
    "duplicate",
    "relation",
    "asyncpg",
    "sqlalchemy",
    "uq_",
    "fk_",
    "Traceback",
    "SELECT",
)
LISTS = {"User": "users", "Asset": "assets", "WorkOrder": "workOrders"}
OF_LISTS = pytest.mark.parametrize("of", LISTS)


@pytest.mark.parametrize(
    ("of", "name", "given", "field"),
    [
        ("Asset", "createAsset", lambda ids: {"name": "Twin", "locationId": ids["hall"], "tag": "P-1"}, "tag"),
        ("Team", "createTeam", lambda _ids: {"name": "Night"}, "name"),
        ("User", "rectifyPersonalData", lambda ids: {"subjectId": ids["viewer"], "corrections": {"email": "timon@colleague.example"}}, "email"),
    ],
)  # fmt: skip
def test_c46_what_is_there_already_is_a_code_and_a_field(
    house: House, of: str, name: str, given: Callable[[dict[str, str]], dict[str, object]], field: str
) -> None:
    before = house.stored()
    kind = name[0].upper() + name[1:] + "Input"
    text = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ code field message }} }} }}"

    answer = house.ask("admin", text, input=given(house.ids))

    (error,) = answer.json()["data"][name]["userErrors"]
    assert (error["code"], error["field"]) == ("CONFLICT", field)
    assert [word for word in GUTS if word in answer.text] == []
    assert house.stored() == before


REFUSED = [
    ("User", "query ($v: EmailAddress) { users(first: 1, filter: {email: $v}) { totalCount } }", {"v": SECRET}),
    ("User", f'{{ users(first: 1, filter: {{email: "{SECRET}"}}) {{ totalCount }} }}', {}),
    ("User", f'{{ users(first: "{SECRET}") {{ totalCount }} }}', {}),
    ("Asset", "mutation ($v: CreateAssetInput!) { createAsset(input: $v) { asset { id } } }", {"v": {"nam": SECRET}}),
    ("Asset", f"{{ assets(first: 1, orderBy: {SECRET.replace('-', '_')}) {{ totalCount }} }}", {}),
    ("WorkOrder", "query ($v: WorkOrderFilter) { workOrders(first: 1, filter: $v) { totalCount } }", {"v": {"status": [SECRET]}}),
    ("WorkOrder", f'mutation {{ createWorkOrder(input: {{title: "a", dueAt: "{SECRET}"}}) {{ workOrder {{ id }} }} }}', {}),
    ("RoleAssignment", "mutation ($v: MemberRoleInput!) { assignRole(input: $v) { user { id } } }", {"v": {"personId": "x", "role": SECRET}}),
]  # fmt: skip


@pytest.mark.parametrize(("of", "text", "given"), REFUSED)
def test_c47_a_refused_value_is_repeated_neither_in_the_answer_nor_in_the_log(
    house: House, of: str, text: str, given: dict[str, object], capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    with capture_logs() as logs:
        answer = house.ask("admin", text, **given)

    printed = capfd.readouterr()
    said = [answer.text, str(dict(answer.headers)), str(logs), caplog.text, printed.out, printed.err]
    assert set(codes_of(answer)) <= {"GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"}
    assert "errors" in answer.json()
    assert [part for part in said if SECRET in part or SECRET.replace("-", "_") in part] == []


@OF_LISTS
@pytest.mark.parametrize(
    "header",
    [
        {"Isomod-Explain": "run"}, {"Isomod-Explain": "plan"}, {"apollo-federation-include-trace": "ftv1"},
        {"X-Apollo-Tracing": "1"}, {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
    ],
)  # fmt: skip
def test_c48_who_may_not_explain_gets_the_same_bytes_with_every_header(
    house: House, of: str, header: dict[str, str]
) -> None:
    body = json.dumps({"query": f"{{ {LISTS[of]}(first: 2) {{ nodes {{ id }} }} }}"}).encode()
    sent = {"Content-Type": "application/json", "Authorization": f"Bearer {house.token('viewer')}"}
    url = f"{house.product.origin}/graphql"

    plain, traced = (httpx2.post(url, content=body, headers=sent | more, timeout=20) for more in ({}, header))

    assert plain.content == traced.content
    assert set(plain.headers) == set(traced.headers)
    assert not {"server-timing", "x-response-time", "x-trace-id"} & set(traced.headers)


@OF_LISTS
def test_c49_no_answer_is_for_a_shared_cache(house: House, of: str) -> None:
    text = f"{{ {LISTS[of]}(first: 1) {{ totalCount }} }}"
    headers = {"Authorization": f"Bearer {house.token('viewer')}"}

    posted = house.ask("viewer", text)
    got = httpx2.get(f"{house.product.origin}/graphql", params={"query": text}, headers=headers, timeout=20)
    refused = house.ask("nobody", text)

    assert posted.json() == got.json()
    assert [one.headers["cache-control"] for one in (posted, got, refused)] == ["private, no-store"] * 3
    assert [one.headers.get("etag") for one in (posted, got, refused)] == [None] * 3


def test_c49_no_token_is_for_a_shared_cache(house: House) -> None:
    answer = house.program.post("/oauth/token", {"grant_type": "client_credentials"})

    assert answer.status_code == 200
    assert "no-store" in answer.headers["cache-control"]


SEEN = {
    "User": "{ users(first: 50) { nodes { id email phone } } }",
    "WorkOrder": "{ workOrders(first: 50) { nodes { id description requester { email phone } } } }",
    "Asset": "{ assets(first: 50) { nodes { id description custodian { email phone } } } }",
    "Team": '{ viewer { teams { name } } teams(first: 5) { nodes { id viewerAccess(fields: ["name"]) { write } } } }',
}  # fmt: skip


@pytest.mark.parametrize("of", SEEN)
def test_c50_callers_who_ask_the_same_at_once_get_each_what_is_theirs(house: House, of: str) -> None:
    parts = ("admin", "viewer", "program", "technician")
    alone = {who: house.ask(who, SEEN[of]).json() for who in parts}

    with ThreadPoolExecutor(8) as pool:
        turns = [(who, pool.submit(house.ask, who, SEEN[of])) for _ in range(6) for who in parts]
        together = [(who, turn.result().json()) for who, turn in turns]

    assert [who for who, answer in together if answer != alone[who]] == []
    assert alone["admin"] != alone["viewer"]


def test_c52_a_role_that_was_taken_is_gone_at_the_next_request(house: House) -> None:
    text = "{ workOrders(first: 50) { totalCount } }"
    role = {"personId": house.ids["leaver"], "role": "QUALITY_MANAGER"}

    counts = [house.data("leaver", text)["workOrders"]["totalCount"]]
    for change in ("assignRole", "removeRole"):
        assert house.change("admin", change, role)["userErrors"] == []
        counts.append(house.data("leaver", text)["workOrders"]["totalCount"])

    assert counts[0] == counts[2] == 0
    assert counts[1] >= 2


@pytest.mark.parametrize("of", ["RoleAssignment", "User", "ApiToken", "PartnerClient"])
def test_c52_who_was_shut_out_is_nobody_at_the_next_request(house: House, of: str) -> None:
    text = "{ __typename organisation { name } }"
    token, shut = SHUT[of](house)
    house.people["shut out"] = (house.product.admin, token)
    before = codes_of(house.ask("shut out", text))

    shut()

    after = codes_of(
        house.ask("shut out", "{ assets(first: 1) { totalCount } }" if of == "RoleAssignment" else text)
    )
    assert before == []
    assert after == (["GRAPHQL_VALIDATION_FAILED"] if of == "RoleAssignment" else ["UNAUTHENTICATED"])


@OF_LISTS
def test_c57_a_text_that_came_along_with_its_hash_registers_nothing(house: House, of: str) -> None:
    text = f"{{ {LISTS[of]}(first: 1) {{ totalCount }} }}"
    digest = sha256(text.encode()).hexdigest()
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
    headers = {"Authorization": f"Bearer {house.product.token}"}

    def sent(**body: object) -> list[str]:
        return codes_of(
            httpx2.post(f"{house.product.origin}/graphql", json=body, headers=headers, timeout=20)
        )

    assert sent(query=text, extensions=persisted) == []
    assert sent(extensions=persisted) == ["PERSISTED_QUERY_NOT_SUPPORTED"]
    assert sent(documentId=digest) == ["PERSISTED_QUERY_NOT_SUPPORTED"]
    assert sent(query=text + " ", extensions=persisted) == ["BAD_REQUEST"]
