"""The commands of the README and of docs/api.md do, against a running demo, what the text beside them says."""

import json
import subprocess
import sys
from typing import Any, Final

from tests.cli.conftest import Demo
from tests.cli.readme import REFERENCE, blocks, commands, run

FIRST, FORMS, PROCEDURES = commands("Ask it something")
DEFINITIONS: Final = "\n".join(
    line for line in FIRST.splitlines() if line.startswith(("DEMO=", "of()", "ask()"))
)


def told(demo: Demo, *blocks: str) -> list[dict[str, Any]]:
    """The answers of these commands, in their order."""
    return [json.loads(line) for line in run(demo.folder, *blocks)]


def test_the_same_rows_show_an_administrator_everything_and_a_viewer_initials_and_nulls(demo: Demo) -> None:
    full, masked = told(demo, FIRST)

    shown = full["data"]["users"]["nodes"]
    hidden = masked["data"]["users"]["nodes"]
    assert [one["id"] for one in shown] == [one["id"] for one in hidden]
    assert all("@" in one["email"] and one["phone"].startswith("+") for one in shown)
    assert {(one["email"], one["phone"]) for one in hidden} == {(None, None)}
    assert all("•" in one["displayName"] for one in hidden)
    assert {(one["coordinate"], one["reason"]) for one in masked["extensions"]["masking"]["fields"]} == {
        ("User.displayName", "RELATION"),
        ("User.email", "ROLE"),
        ("User.phone", "ROLE"),
    }


def test_masked_answers_are_refused_foretold_and_asked_about(demo: Demo) -> None:
    refused, foretold, form = told(demo, DEFINITIONS, FORMS)

    assert refused["errors"][0]["extensions"]["code"] == "MASKED_ANSWER_REJECTED"
    assert foretold["data"] is None
    assert [one["coordinate"] for one in foretold["extensions"]["masking"]["fields"]] == ["User.phone"]
    assert form["data"]["viewer"]["viewerAccess"] == [
        {"field": "phone", "read": "FULL", "write": True, "reason": None},
        {"field": "roles", "read": "FULL", "write": False, "reason": None},
    ]


def test_the_policy_is_read_in_the_graph_and_on_the_command_line(demo: Demo) -> None:
    told_by_the_graph, *table = run(demo.folder, DEFINITIONS, *commands("Who sees what, and why"))

    cells = json.loads(told_by_the_graph)["data"]["policyMatrix"]["cells"]
    assert {"role": "VIEWER", "category": "CONTACT", "when": None, "level": "HIDDEN"} in cells
    assert any("VIEWER" in line for line in table)


def test_a_person_is_corrected_restricted_and_erased_and_the_next_time_another_one(demo: Demo) -> None:
    pseudonyms = set()
    for _ in range(2):
        rectified, restricted, erased = told(demo, DEFINITIONS, PROCEDURES)

        assert rectified["data"]["rectifyPersonalData"] == {
            "person": {"phone": "+32470999999"},
            "userErrors": [],
        }
        assert restricted["data"]["restrictProcessing"] == {"userErrors": []}
        done = erased["data"]["erasePersonalData"]
        assert (done["userErrors"], done["certificate"]["state"]) == ([], "UNREADABLE")
        pseudonyms.add(done["person"]["displayName"])
    assert len(pseudonyms) == 2
    assert all("#" in one for one in pseudonyms)


def test_a_program_is_registered_gets_a_token_asks_looks_into_it_gives_it_back_and_is_disabled(
    demo: Demo,
) -> None:
    (partner,) = commands("A partner's program")

    asked, looked, after, disabled = told(demo, DEFINITIONS, partner)

    nodes = asked["data"]["workOrders"]["nodes"]
    assert [set(node) for node in nodes] == [{"number", "title", "requester"}] * 2
    people = [node["requester"] for node in nodes if node["requester"] is not None]
    assert people != []
    assert {person["email"] for person in people} == {None}
    assert all("#" in person["displayName"] for person in people)
    assert (looked["active"], looked["scope"]) == (True, "work_orders:read")
    assert looked["exp"] - looked["iat"] == 3600
    assert looked["client_id"] != demo.told["tenants"][0]["partner"]["client_id"]
    assert looked["iss"] == demo.url
    assert after["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert disabled["data"]["disableClient"]["userErrors"] == []
    assert disabled["data"]["disableClient"]["client"]["disabledAt"] is not None


def test_a_program_gets_its_token_through_an_oauth_library(demo: Demo) -> None:
    (script,) = blocks("A partner's program", "python")

    ran = subprocess.run(
        [sys.executable, "-c", script.replace(".isomod/demo.json", f"{demo.folder}/demo.json")],
        env={"no_proxy": "*"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert (ran.returncode, ran.stderr) == (0, "")
    nodes = json.loads(ran.stdout)["data"]["workOrders"]["nodes"]
    assert [set(node) for node in nodes] == [{"number", "title"}] * 2


def test_a_program_signs_in_as_a_browser_does(demo: Demo) -> None:
    (sign_in,) = commands("Getting in", REFERENCE)

    (answer,) = told(demo, DEFINITIONS, sign_in)

    email = demo.told["tenants"][0]["users"]["viewer"]["email"]
    assert answer["data"]["viewer"]["email"] == email
    assert "errors" not in answer


def test_a_list_leaves_as_a_file_with_what_is_read_raw_and_refuses_the_rest(demo: Demo) -> None:
    (exports,) = commands("Take it out")

    lines = run(demo.folder, DEFINITIONS, exports)

    users, own, last = [part.split("\n") for part in "\n".join(lines).strip().split("\n\n")]
    head, *people = users
    refused, *orders = last
    assert head == "displayName,email,phone"
    assert sum("@" in person for person in people) > 10
    assert {"id", "status"} <= set(own[0].split(","))
    assert "@" not in "".join(own)
    assert json.loads(refused)["errors"][0]["extensions"]["code"] == "COLUMN_NOT_READABLE"
    assert {json.loads(line)["status"] for line in orders} == {"OPEN"}


def test_the_subscribers_commands_show_a_change_as_it_happens_with_its_masks(demo: Demo) -> None:
    (follow,) = commands("Follow what changes")

    lines = run(demo.folder, DEFINITIONS, follow)

    (event,) = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    order = event["data"]["workOrderChanged"]
    assert ": ready" in lines
    # Both write to one pipe, so that an event may come between an answer and the end of its line.
    assert any(line.startswith('{"data":{"updateWorkOrder":{"userErrors":[]}}}') for line in lines)
    assert (set(order), order["status"]) == ({"number", "title", "status", "requester"}, "OPEN")
    assert order["requester"]["email"] is None
    assert "•" in order["requester"]["displayName"]
    assert [one["coordinate"] for one in event["extensions"]["masking"]["fields"]] != []
