"""A word of its own in every personal value and in everything that a caller can send: none of them is in a log, a metric, a refusal, a health page, the trail, the outbox or somebody else's mail."""

import json
import os
import signal
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx2
import pytest

from isomod_graphql.core.installation import Urls
from permissions.principals import Role
from tests.cli.conftest import PROGRAM
from tests.conftest import Cluster
from tests.web.exporting import PLACE, ask, export, fetched
from tests.web.serving import Served, add_colleague, serve

TOKEN = "metrics-token-of-the-operator-0123456789"
INVITE = "mutation($i: InviteUserInput!) { inviteUser(input: $i) { user { id } userErrors { code } } }"
CORRECT = "mutation($i: RectifyPersonalDataInput!) { rectifyPersonalData(input: $i) { userErrors { code } } }"
ORDER = "mutation($i: CreateWorkOrderInput!) { createWorkOrder(input: $i) { workOrder { id } userErrors { code } } }"
ASSIGN = "mutation($i: AssignWorkOrderInput!) { assignWorkOrder(input: $i) { userErrors { code } } }"
LISTED = "query($f: UserFilter) { users(first: 1, filter: $f) { totalCount } }"
ERASE = "mutation($i: ErasePersonalDataInput!) { erasePersonalData(input: $i) { certificate { state } userErrors { code } } }"


def word(kind: str) -> str:
    """Nobody else says it."""
    return f"Zq{kind}{uuid4().hex[:12]}"


@dataclass
class Words:
    """What was planted, by where."""

    planted: dict[str, str] = field(default_factory=dict)

    def plant(self, where: str) -> str:
        found = self.planted[where] = word("".join(sign for sign in where if sign.isalpha()))
        return found

    def found_in(self, text: str) -> list[str]:
        """Where those were planted that a text holds, however it spells them."""
        low = text.lower()
        return [where for where, one in self.planted.items() if one.lower() in low]


@contextmanager
def process(verb: list[str], urls: Urls, folder: Path) -> Iterator[tuple[str, Path]]:
    """A process of the product with its log in a file; the first line that it says, and the file."""
    log = folder / f"{verb[0]}.log"
    settings = {
        "ISOMOD_DATABASE_URL": urls.main, "ISOMOD_KEYSTORE_URL": urls.keys, "ISOMOD_ROOT_KEY_FILE": str(urls.root_key_file),
        "ISOMOD_METRICS_TOKEN": TOKEN, "ISOMOD_LOG_LEVEL": "DEBUG", "ISOMOD_MAIL_FOLDER": str(folder / "mail"),
    }  # fmt: skip
    with log.open("w") as errors:
        running = subprocess.Popen(
            [*PROGRAM, *verb], env={**os.environ, **settings}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=errors, text=True,
        )  # fmt: skip
        assert running.stdout is not None
        yield running.stdout.readline().strip().removeprefix("ready "), log
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=30) == 0
        running.stdout.close()


@pytest.fixture(scope="module")
def house(urls: Urls) -> Iterator[Served]:
    """An organisation."""
    with serve(urls, "traceless") as running:
        yield running


def person(house: Served, words: Words) -> str:
    """Somebody every value of whom is a word of its own; the id."""
    email = f"{words.plant('email').lower()}@example.org"
    given = {
        "name": words.plant("name"), "email": email, "jobTitle": words.plant("title"),
        "roles": [{"role": "TECHNICIAN"}],
    }  # fmt: skip
    made = ask(house, INVITE, i=given)["inviteUser"]
    phone = words.planted["phone"] = f"+32{int(uuid4().hex[:7], 16):09d}"
    corrected = {
        "subjectId": made["user"]["id"],
        "corrections": {"address": words.plant("address"), "phone": phone},
    }
    assert ask(house, CORRECT, i=corrected)["rectifyPersonalData"]["userErrors"] == []
    return str(made["user"]["id"])


class Sent(NamedTuple):
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes = b""


def hostile(house: Served, words: Words) -> list[Sent]:
    """Requests that are refused, each for a reason of its own and with words in every part of it."""
    plant = words.plant
    token = {"Authorization": f"Bearer {house.token}", "Content-Type": "application/json"}
    odd = {
        "User-Agent": plant("agent"), "X-Request-Id": plant("header"), "traceparent": plant("trace"),
        "Accept-Language": plant("language"), "Referer": f"https://{plant('referer')}.example/", "Isomod-Explain": plant("explain"),
    }  # fmt: skip
    basic = b64encode(f"{plant('client')}:{plant('secret')}".encode()).decode()
    sign_in = "mutation($i: SignInInput!) { signIn(input: $i) { csrfToken userErrors { code message } } }"

    def post(path: str, body: object, headers: dict[str, str] | None = None) -> Sent:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Sent("POST", path, {**token, **odd, **(headers or {})}, content)

    return [
        post("/graphql", b'{"query": "' + plant("broken").encode()),
        post("/graphql", {"query": f"{{ {plant('field')} }}"}),
        post("/graphql", {"query": f"{{ {plant('syntax')} ( }}"}),
        post("/graphql", {"query": f'{{ users(first: "{plant("literal")}") {{ totalCount }} }}'}),
        post("/graphql", {"query": f'{{ users(first: 1, filter: {{email: "{plant("notanaddress")}"}}) {{ totalCount }} }}'}),
        post("/graphql", {"query": LISTED, "variables": {"f": {"status": [plant("enum")]}}}),
        post("/graphql", {"query": LISTED, "variables": {"f": {plant("member"): 1}}}),
        post("/graphql", {"query": LISTED, "variables": {"f": plant("variable")}}),
        post("/graphql", {"query": "{ viewer { id } }", "operationName": plant("operation")}),
        post("/graphql", {"query": "{ viewer { id } }", "extensions": {"masking": {plant("extension"): 1}}}),
        post("/graphql", {"query": "{ viewer { id } }", "extensions": {"persistedQuery": {"sha256Hash": plant("hash")}}}),
        post("/graphql", {"query": f'{{ users(first: 1, after: "{plant("cursor")}aaaaaaaaaaaaaaaa") {{ totalCount }} }}'}),
        post("/graphql", {"query": f'{{ node(id: "{plant("id")}") {{ id }} nothing }}'}),
        post("/graphql", {"query": "{ viewer { id } }"}, {"Authorization": f"Bearer iso_live_{plant('token')}"}),
        post("/graphql", {"query": "{ viewer { id } }"}, {"Authorization": f"Basic {plant('basic')}"}),
        post("/graphql", {"query": "{ viewer { id } }"}, {"Content-Type": plant("media")}),
        post("/graphql", {"query": "{ viewer { id } }"}, {"Accept": plant("accept")}),
        post("/graphql", {"query": "{ viewer { id } }"}, {"Host": plant("host")}),
        post("/graphql", {"query": sign_in, "variables": {"i": {"email": f"{plant('guessed')}@example.org", "password": plant("password")}}}, {"Authorization": ""}),
        post("/graphql", {"query": ORDER, "variables": {"i": {"title": plant("masked") + "•", "locationId": plant("place")}}}),
        post("/graphql", {"query": ORDER, "variables": {"i": {"title": plant("ordertitle"), "locationId": plant("placeid")}}}, {"Idempotency-Key": plant("key")}),
        post("/export", {"list": plant("list"), "columns": [plant("column")]}),
        post("/export", {"list": "users", "columns": ["id"], "filter": {plant("exportfilter"): plant("exportvalue")}}),
        post("/oauth/token", f"grant_type={plant('grant')}&scope={plant('scope')}".encode(), {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}),
        Sent("GET", f"/{plant('path')}?{plant('query')}={plant('argument')}", odd),
        Sent("GET", f"/graphql?query={quote('{ ' + plant('got') + ' }')}", {**token, **odd}),
        Sent("GET", f"/healthz?{plant('health')}", odd),
        Sent("GET", f"/metrics?{plant('scrape')}", {**odd, "Authorization": f"Bearer {plant('metrics')}"}),
        Sent(plant("method").upper(), "/graphql", {**token, **odd}),
    ]  # fmt: skip


def answered(client: httpx2.Client, origin: str, sent: Sent) -> str:
    """What comes back, headers included."""
    answer = client.request(
        sent.method,
        f"{origin}{sent.path}",
        content=sent.content,
        headers=sent.headers,
        follow_redirects=False,
    )
    return f"{answer.status_code} {answer.headers} {answer.text}"


def rows(cluster: Cluster, table: str, tenant: UUID) -> str:
    """A table of the main database as text."""
    found = fetched(cluster, f"SELECT t::text FROM {table} t WHERE tenant_id = $1", tenant)
    return "\n".join(row[0] for row in found)


def test_what_callers_send_and_what_people_are_called_is_in_no_record_of_the_process(
    house: Served, urls: Urls, cluster: Cluster, tmp_path: Path
) -> None:
    words = Words()
    subject = person(house, words)
    add_colleague(urls, house, "Bert Bystander", Role.TECHNICIAN)
    place = ask(house, PLACE, i={"name": "Gent", "timeZone": "UTC"})["createLocation"]["location"]["id"]
    everybody = ask(house, "{ users(first: 50) { nodes { id name } } }")["users"]["nodes"]
    bystander = next(one["id"] for one in everybody if one["name"] == "Bert Bystander")

    with process(["serve", "--port", "0"], urls, tmp_path) as (origin, log), process(["worker"], urls, tmp_path) as (
        _, other,
    ):  # fmt: skip
        served = Served(origin, house.tenant, house.admin, house.token)
        order = {
            "title": "Seal",
            "locationId": place,
            "requesterId": subject,
            "description": words.plant("note"),
        }
        made = ask(served, ORDER, i=order)["createWorkOrder"]["workOrder"]["id"]
        ask(served, ASSIGN, i={"workOrderId": made, "assigneeId": bystander, "assigneeIds": [subject]})
        seen = ask(served, "{ users(first: 50) { nodes { name email phone address jobTitle } } }")
        with httpx2.Client(timeout=20) as client:
            answers = [(one.path, answered(client, origin, one)) for one in hostile(served, words)]
        metrics = httpx2.get(
            f"{origin}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20
        ).text
        health = "".join(httpx2.get(f"{origin}/{page}", timeout=20).text for page in ("healthz", "readyz"))
        mail, until = tmp_path / "mail", time.monotonic() + 30
        while not list(mail.glob("*.eml")) and time.monotonic() < until:
            time.sleep(0.2)
        erased = ask(served, ERASE, i={"subjectId": subject, "ground": "OBJECTION"})["erasePersonalData"]

    assert set(words.found_in(json.dumps(seen))) >= {"name", "email", "title", "address", "phone"}
    assert erased["userErrors"] == []
    assert [(path, words.found_in(text)) for path, text in answers if words.found_in(text)] == []
    assert words.found_in(log.read_text() + other.read_text()) == []
    assert '"event": "credential.refused"' in log.read_text()
    assert words.found_in(metrics + health) == []
    assert "isomod_requests_total" in metrics
    for table in ("audit_entries", "access_records", "access_days", "outbox", "notices"):
        assert (table, words.found_in(rows(cluster, table, house.tenant))) == (table, [])
    letters = [one.read_text(errors="replace") for one in mail.glob("*.eml")]
    to_others = [
        text for text in letters if words.planted["email"].lower() not in text.split("\n\n")[0].lower()
    ]
    assert [words.found_in(text) for text in to_others if words.found_in(text)] == []


STEP = "mutation($i: %sInput!) { %s(input: $i) { workOrder { id } userErrors { code field } } }"
HISTORY = """query($after: Cursor) { workOrders(first: 50, after: $after) { nodes {
  number title description resolution assignee { displayName name } requester { displayName name } completedBy { displayName name }
  assignees { displayName name email phone }
  history(first: 50) { nodes { reason transition actor { displayName name email } } }
  signatures { meaning signerName signerTitle signer { displayName name } } } } }"""


def step(house: Served, verb: str, token: str, **given: object) -> None:
    """One step of the work, which goes through."""
    kind = verb[0].upper() + verb[1:]
    assert ask(house, STEP % (kind, verb), token, i=given)[verb]["userErrors"] == []


def test_who_is_erased_is_named_by_no_history_notice_letter_or_export(
    house: Served, urls: Urls, cluster: Cluster, tmp_path: Path
) -> None:
    """The work keeps a pseudonym; letters that still wait when somebody is erased are not sent."""
    words = Words()
    name = words.plant("worker")
    _, token = add_colleague(urls, house, f"{name} {words.plant('surname')}", Role.TECHNICIAN)
    _, auditor = add_colleague(urls, house, "Otto Auditor", Role.AUDITOR)
    place = ask(house, PLACE, i={"name": "Aalst", "timeZone": "UTC"})["createLocation"]["location"]["id"]
    mine = ask(house, "{ viewer { id } }", token)["viewer"]["id"]
    order = {"title": "Bearing", "locationId": place, "requesterId": mine}
    made = ask(house, ORDER, i=order)["createWorkOrder"]["workOrder"]["id"]
    step(house, "openWorkOrder", house.token, workOrderId=made)
    step(house, "assignWorkOrder", house.token, workOrderId=made, assigneeId=mine)
    step(house, "startWorkOrder", token, workOrderId=made)
    step(house, "holdWorkOrder", token, workOrderId=made, reason="Waiting for a part")
    step(house, "resumeWorkOrder", token, workOrderId=made)
    step(house, "completeWorkOrder", token, workOrderId=made, outcome="RESOLVED", resolution="Replaced")
    step(house, "signWorkOrder", token, workOrderId=made, meaning="PERFORMED")
    before = ask(house, HISTORY)

    erased = ask(house, ERASE, i={"subjectId": mine, "ground": "OBJECTION"})["erasePersonalData"]
    with process(["worker"], urls, tmp_path) as (_, log):
        until = time.monotonic() + 30
        waiting = "SELECT count(*) FROM outbox WHERE tenant_id = $1 AND state = 'WAITING'"
        while fetched(cluster, waiting, house.tenant)[0][0] and time.monotonic() < until:
            time.sleep(0.2)

    after = ask(house, HISTORY)
    kept = ask(house, HISTORY, auditor)
    lists = ["workOrders", "users", "locations", "assets"]
    exports = [export(house, {"list": one, "format": "JSONL"}) for one in lists]
    assert set(words.found_in(json.dumps(before))) == {"worker", "surname"}
    assert erased["userErrors"] == []
    assert words.found_in(json.dumps(after)) == []
    assert "Technician #" in json.dumps(after)
    assert [one.status_code for one in exports] == [200] * 4
    assert words.found_in("".join(one.text for one in exports)) == []
    for table in (
        "audit_entries",
        "outbox",
        "notices",
        "work_order_history",
        "work_orders",
        "people",
        "users",
    ):
        assert (table, words.found_in(rows(cluster, table, house.tenant))) == (table, [])
    letters = [one.read_text(errors="replace") for one in (tmp_path / "mail").glob("*.eml")]
    assert words.found_in("".join(letters) + log.read_text()) == []
    signed = [one for node in kept["workOrders"]["nodes"] for one in node["signatures"]]
    assert [words.found_in(one["signerName"]) for one in signed if one["signerName"]] == [
        ["worker", "surname"]
    ]
    assert words.found_in(json.dumps([node["history"] for node in kept["workOrders"]["nodes"]])) == []
