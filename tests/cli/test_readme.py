"""The README's commands for a partner's program do, against a running demo, what the text beside them says."""

import json

from tests.cli.conftest import Demo
from tests.cli.readme import commands, run


def test_the_partners_commands_get_a_token_ask_look_into_it_and_give_it_back(demo: Demo) -> None:
    (definitions, *_), (partner,) = commands("Ask it something"), commands("A partner's program")
    functions = "\n".join(line for line in definitions.splitlines() if line.startswith(("DEMO=", "of()")))

    asked, looked, after = [json.loads(line) for line in run(demo.folder, functions, partner)]

    nodes = asked["data"]["workOrders"]["nodes"]
    assert [set(node) for node in nodes] == [{"number", "title", "requester"}] * 2
    people = [node["requester"] for node in nodes if node["requester"] is not None]
    assert people != []
    assert {person["email"] for person in people} == {None}
    assert all("#" in person["displayName"] for person in people)
    assert (looked["active"], looked["scope"]) == (True, "work_orders:read")
    assert looked["client_id"] == demo.told["tenants"][0]["partner"]["client_id"]
    assert looked["iss"] == demo.url
    assert after["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
