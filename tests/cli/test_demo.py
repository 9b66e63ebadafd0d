"""`isomod demo` does what scripts rely on: one line, one file, every role; it ends cleanly and goes on where it was."""

import httpx2
import pytest

from permissions.masks import is_masked_text
from tests.cli.conftest import Demo, isomod

ROLES = [
    "admin",
    "manager",
    "technician",
    "requester",
    "viewer",
    "quality_manager",
    "auditor",
    "privacy_officer",
]
WORK = "{ workOrders(first: 1) { totalCount edges { node { requester { name email } } } } }"


def test_demo_json_names_every_role_of_both_organisations(demo: Demo) -> None:
    told = demo.told

    assert told["url"] == demo.url
    assert [tenant["name"] for tenant in told["tenants"]] == [
        "De Schelde Verpakking NV",
        "Brasserie du Viroin SA",
    ]
    for tenant in told["tenants"]:
        assert list(tenant["users"]) == ROLES
        assert {tuple(user) for user in tenant["users"].values()} == {("id", "email", "password", "token")}
        assert list(tenant["partner"]) == ["client_id", "client_secret", "token"]
    assert (demo.folder / "demo.json").stat().st_mode & 0o077 == 0


def test_every_token_is_its_owner(demo: Demo) -> None:
    for tenant in demo.told["tenants"]:
        for role, user in tenant["users"].items():
            found = demo.ask("{ viewer { id email } }", user["token"])
            assert found["data"]["viewer"] == {"id": user["id"], "email": user["email"]}, role
        assert demo.ask("{ viewer { id } }", tenant["partner"]["token"])["data"] == {"viewer": None}


@pytest.mark.parametrize(
    ("role", "orders"),
    [
        ("admin", 300),
        ("manager", 300),
        ("viewer", 300),
        ("quality_manager", 300),
        ("auditor", 300),
    ],
)
def test_each_role_reaches_the_orders_that_the_table_says(demo: Demo, role: str, orders: int) -> None:
    for tenant in demo.told["tenants"]:
        assert demo.ask(WORK, tenant["users"][role]["token"])["data"]["workOrders"]["totalCount"] == orders


def test_the_privacy_officer_reaches_no_order_and_has_no_list_of_them(demo: Demo) -> None:
    for tenant in demo.told["tenants"]:
        answer = demo.ask(WORK, tenant["users"]["privacy_officer"]["token"])
        unknown = demo.ask(
            WORK.replace("workOrders", "unknowns"), tenant["users"]["privacy_officer"]["token"]
        )

        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert answer["errors"][0] == unknown["errors"][0]


def test_the_technician_and_the_requester_have_work_of_their_own(demo: Demo) -> None:
    users = demo.told["tenants"][0]["users"]

    counts = [
        demo.ask(WORK, users[role]["token"])["data"]["workOrders"]["totalCount"]
        for role in ("technician", "requester")
    ]

    assert all(20 < count < 300 for count in counts), counts


def test_the_same_requester_is_shown_to_the_manager_and_masked_for_the_others(demo: Demo) -> None:
    tenant = demo.told["tenants"][1]

    def requester(token: str) -> dict[str, str | None]:
        edges = demo.ask(WORK, token)["data"]["workOrders"]["edges"]
        found: dict[str, str | None] = edges[0]["node"]["requester"]
        return found

    raw = requester(tenant["users"]["manager"]["token"])
    masked = requester(tenant["users"]["viewer"]["token"])
    partners = requester(tenant["partner"]["token"])

    assert not is_masked_text(raw["name"] or "")
    assert (raw["email"] or "").endswith("@brasserie-viroin.example")
    assert is_masked_text(masked["name"] or "")
    assert (masked["email"], partners["email"]) == (None, None)
    assert partners["name"] != raw["name"]


def test_the_console_and_the_health_answer(demo: Demo) -> None:
    with httpx2.Client(trust_env=False) as client:
        assert client.get(f"{demo.url}/readyz").json() == {"status": "ready"}
        assert client.get(f"{demo.url}/console/session").json() == {"csrfToken": None}


def test_a_second_demo_in_the_same_folder_is_refused(demo: Demo) -> None:
    second = isomod("demo", "--port", "0", "--data", str(demo.folder), "--no-browser")

    assert second.returncode == 1
    assert second.stderr == f"isomod: a demo already runs in {demo.folder}\n"


def test_a_port_in_use_is_said_at_once(demo: Demo) -> None:
    port = demo.url.rpartition(":")[2]

    second = isomod("demo", "--port", port, "--data", str(demo.folder / "other"), "--no-browser")

    assert (second.returncode, second.stdout) == (1, "")
    assert not (demo.folder / "other").exists()


def test_ctrl_c_leaves_nothing_running_and_the_next_start_goes_on(demo: Demo) -> None:
    before = demo.told

    assert demo.servers() != []
    assert demo.stop() == 0
    assert demo.servers() == []

    again = Demo.start(demo.folder)
    try:
        assert again.told["tenants"] == before["tenants"]
        token = before["tenants"][0]["users"]["admin"]["token"]
        assert again.ask(WORK, token)["data"]["workOrders"]["totalCount"] == 300
    finally:
        assert again.stop() == 0
    assert again.servers() == []
