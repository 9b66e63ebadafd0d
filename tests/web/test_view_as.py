"""Over HTTP: an administrator with a fresh proof sees what a member sees, changes nothing, is on record, and is stopped when anything changes."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from isomod_graphql.core.installation import Urls
from permissions.principals import Role
from tests.audit.test_withheld import as_owner, recorded
from tests.web.serving import PASSWORD, Served, add_colleague, serve

SIGN_IN = "mutation ($i: SignInInput!) { signIn(input: $i) { csrfToken userErrors { code } } }"
STEP_UP = "mutation ($i: StepUpInput!) { stepUp(input: $i) { csrfToken userErrors { code } } }"
START = "mutation ($i: StartViewAsInput!) { startViewAs(input: $i) { ticket until user { name } userErrors { code field } } }"
RENAME = 'mutation { createTeam(input: {name: "Night"}) { userErrors { code } } }'
WHO = "{ viewer { displayName email } }"
PEOPLE = "{ users(first: 50) { nodes { displayName email lastSeenAt } } }"


@dataclass
class Browser:
    """Somebody who is signed in with a cookie."""

    origin: str
    cookie: str = ""
    csrf: str = ""

    def post(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        ticket: str | None = None,
        token: str | None = None,
    ) -> httpx2.Response:
        """One request of a page of ours, or with a bearer token; with the ticket of a look."""
        sent = {"Accept": "application/graphql-response+json", "Origin": self.origin}
        sent |= {} if ticket is None else {"Isomod-View-As": ticket}
        sent |= {} if token is None else {"Authorization": f"Bearer {token}"}
        if self.cookie:
            sent |= {"Cookie": f"__Host-isomod={self.cookie}", "X-CSRF-Token": self.csrf}
        with httpx2.Client(trust_env=False) as client:
            answer = client.post(
                f"{self.origin}/graphql", json={"query": query, "variables": variables or {}}, headers=sent
            )
        renewed = re.search(r"__Host-isomod=([^;]+)", str(answer.headers.get_list("set-cookie")))
        if renewed is not None:
            self.cookie = renewed.group(1)
        for payload in (answer.json().get("data") or {}).values():
            if isinstance(payload, dict) and payload.get("csrfToken"):
                self.csrf = payload["csrfToken"]
        return answer

    def start(self, user: str) -> dict[str, Any]:
        """A look as this user; the fresh proof comes first."""
        self.post(STEP_UP, {"i": {"password": PASSWORD}})
        found: dict[str, Any] = self.post(START, {"i": {"userId": user}}).json()["data"]["startViewAs"]
        return found


@dataclass(frozen=True)
class Acme:
    """The product with an administrator, who is no privacy officer, and members."""

    urls: Urls
    served: Served
    people: dict[str, tuple[UUID, str]]

    def browser(self, first_name: str) -> Browser:
        """Signs somebody in."""
        browser = Browser(self.served.origin)
        given = {"email": f"{first_name}@colleague.example", "password": PASSWORD}
        assert browser.post(SIGN_IN, {"i": given}).json()["data"]["signIn"]["userErrors"] == []
        return browser

    def id_of(self, first_name: str) -> str:
        """The global id of a member."""
        token = self.people[first_name][1]
        answer = httpx2.post(
            f"{self.served.origin}/graphql", json={"query": "{ viewer { id } }"},
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        return str(answer.json()["data"]["viewer"]["id"])

    def trail(self, first_name: str, action: str) -> list[tuple[str, str | None, UUID | None]]:
        """What was done or refused by somebody: outcome, reason, about whom."""
        rows = as_owner(
            self.urls,
            self.served.tenant,
            "SELECT outcome, reason, entity_id FROM audit_entries WHERE actor_id = $1 AND action = $2 ORDER BY at, id",
            self.people[first_name][0],
            action,
        )
        return [(row[0], row[1], None if row[2] is None else UUID(bytes=row[2].bytes)) for row in rows]

    def trail_of(self, first_name: str, action: str, size: int) -> list[tuple[str, str | None, UUID | None]]:
        """The same when there is so much of it: denials at the door are written after the answer has left."""
        for _ in range(100):
            if len(self.trail(first_name, action)) >= size:
                break
            time.sleep(0.05)
        return self.trail(first_name, action)


@pytest.fixture(scope="module")
def acme(urls: Urls) -> Iterator[Acme]:
    """Alma administrates; Tom is a technician, Viktoria a viewer, Petra the privacy officer; Dirk is on his way out."""
    with serve(urls, "looked") as served:
        roles = {
            "Alma Adams": Role.ADMIN, "Abel Adams": Role.ADMIN, "Tom Maes": Role.TECHNICIAN, "Viktoria Smets": Role.VIEWER,
            "Petra Pauls": Role.PRIVACY_OFFICER, "Dirk Daems": Role.TECHNICIAN,
        }  # fmt: skip
        people = {
            name.split(maxsplit=1)[0].lower(): add_colleague(urls, served, name, role)
            for name, role in roles.items()
        }
        yield Acme(urls, served, people)


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    """The status and the code of all errors."""
    (code,) = {error["extensions"]["code"] for error in answer.json()["errors"]}
    return answer.status_code, code


def test_an_administrator_sees_what_a_member_sees_and_no_more_than_the_administrator_may(acme: Acme) -> None:
    alma, viktoria = acme.browser("alma"), acme.browser("viktoria")
    seen = "UPDATE users SET last_seen_at = now() WHERE id = $1 RETURNING id"
    as_owner(acme.urls, acme.served.tenant, seen, acme.people["viktoria"][0])
    ticket = alma.start(acme.id_of("viktoria"))["ticket"]

    who = alma.post(WHO, ticket=ticket)
    people = alma.post(PEOPLE, ticket=ticket).json()["data"]["users"]["nodes"]
    own = viktoria.post(PEOPLE).json()["data"]["users"]["nodes"]

    assert who.json() == {
        "data": {"viewer": {"displayName": "Viktoria Smets", "email": "viktoria@colleague.example"}}
    }
    assert [one for one in people if one["displayName"] == "Tom Maes"] == []
    assert {"displayName": "T•• M••", "email": None, "lastSeenAt": None} in people
    me, in_look = (
        next(one for one in rows if one["displayName"] == "Viktoria Smets") for rows in (own, people)
    )
    assert re.fullmatch(r"20\d\d-.*Z", me["lastSeenAt"])
    assert in_look == {**me, "lastSeenAt": None}
    assert [one for one in people if one != in_look] == [one for one in own if one != me]


def test_every_answer_to_a_look_says_so(acme: Acme) -> None:
    alma = acme.browser("alma")
    started = alma.start(acme.id_of("tom"))
    ticket = started["ticket"]
    told = f"until={started['until']}"

    answers = [
        alma.post(WHO, ticket=ticket),
        alma.post("{ nothing }", ticket=ticket),
        alma.post(RENAME, ticket=ticket),
        alma.post("{", ticket=ticket),
    ]

    assert [one.headers.get("isomod-view-as") for one in answers] == [told] * 4
    assert "isomod-view-as" not in alma.post(WHO).headers


def test_it_takes_a_fresh_proof_and_is_on_record_from_the_start(acme: Acme) -> None:
    alma, tom = acme.browser("alma"), acme.people["tom"][0]
    before = len(acme.trail("alma", "VIEW_AS"))

    refused = alma.post(START, {"i": {"userId": acme.id_of("tom")}})
    started = alma.start(acme.id_of("tom"))

    assert code_of(refused) == (200, "STEP_UP_REQUIRED")
    assert started["user"] == {"name": "Tom Maes"}
    assert acme.trail("alma", "VIEW_AS")[before:] == [
        ("DENIED", "STEP_UP_REQUIRED", None),
        ("DONE", None, tom),
    ]


def test_every_change_is_refused_before_it_is_validated_and_on_record(acme: Acme) -> None:
    abel, tom = acme.browser("abel"), acme.people["tom"][0]
    ticket = abel.start(acme.id_of("tom"))["ticket"]
    texts = [RENAME, "mutation { signOut { userErrors { code } } }", START, "mutation { createTeam }"]

    answers = [
        abel.post(text, {"i": {"userId": acme.id_of("viktoria")}} if text is START else {}, ticket=ticket)
        for text in texts
    ]

    assert {code_of(one) for one in answers} == {(403, "VIEW_AS_READ_ONLY")}
    wanted = {"TEAM_MANAGE": 2, "SESSION_MANAGE": 1}
    found = {action: acme.trail_of("abel", action, size) for action, size in wanted.items()}
    assert found == {action: [("DENIED", "VIEW_AS", tom)] * size for action, size in wanted.items()}
    assert acme.trail_of("abel", "VIEW_AS", 2) == [("DONE", None, tom), ("DENIED", "VIEW_AS", tom)]
    assert as_owner(acme.urls, acme.served.tenant, "SELECT 1 FROM teams") == []
    assert abel.post(WHO).json()["data"]["viewer"]["displayName"] == "Abel Adams"


def test_who_was_shown_what_bears_both(acme: Acme) -> None:
    alma, query = acme.browser("alma"), "{ viewer { name phone } users(first: 1) { totalCount } }"
    ticket = alma.start(acme.id_of("tom"))["ticket"]

    alma.post(query, ticket=ticket)

    admin, tom = acme.people["alma"][0], acme.people["tom"][0]
    assert recorded(acme.urls, acme.served.tenant, query) == [(admin, f"AS {tom}", "SERVICE", 3, {tom})]


def test_what_belongs_to_an_account_is_not_part_of_a_look(acme: Acme) -> None:
    alma = acme.browser("alma")
    ticket = alma.start(acme.id_of("tom"))["ticket"]

    answers = [
        alma.post(f"{{ {field} }}", ticket=ticket)
        for field in (
            "sessions { address }",
            "apiTokens { label }",
            "consents { given }",
            "myAccessLog(first: 1) { totalCount }",
            "accessRecords(first: 1) { totalCount }",
        )
    ]

    assert {code_of(one) for one in answers} == {(400, "GRAPHQL_VALIDATION_FAILED")}


def test_who_oversees_privacy_oneself_and_who_is_nobody_are_not_looked_at(acme: Acme) -> None:
    alma = acme.browser("alma")
    before = len(acme.trail("alma", "VIEW_AS"))

    refused = [
        alma.start(user)["userErrors"] for user in (acme.id_of("petra"), acme.id_of("alma"), "garbage")
    ]

    assert refused == [
        [{"code": "VIEW_AS_REFUSED", "field": "userId"}],
        [{"code": "VIEW_AS_REFUSED", "field": "userId"}],
        [{"code": "NOT_FOUND", "field": "userId"}],
    ]
    assert acme.trail("alma", "VIEW_AS")[before:] == [
        ("DENIED", "OVERSEER", None),
        ("DENIED", "SELF_GRANT", None),
        ("DENIED", "NOT_FOUND", None),
    ]


@pytest.mark.parametrize("first_name", ["tom", "viktoria", "petra"])
def test_who_is_no_administrator_does_not_have_it(acme: Acme, first_name: str) -> None:
    browser = acme.browser(first_name)

    assert code_of(browser.post(START, {"i": {"userId": acme.id_of("dirk")}})) == (
        400,
        "GRAPHQL_VALIDATION_FAILED",
    )


def test_a_ticket_is_good_in_its_session_alone_and_never_with_a_bearer_token(acme: Acme) -> None:
    alma, again, abel = acme.browser("alma"), acme.browser("alma"), acme.browser("abel")
    ticket = alma.start(acme.id_of("tom"))["ticket"]
    token = acme.people["alma"][1]

    refused = [
        again.post(WHO, ticket=ticket),
        abel.post(WHO, ticket=ticket),
        alma.post(WHO, ticket=ticket[:-2]),
        alma.post(WHO, ticket="x" * 5_000),
        alma.post(WHO, ticket=""),
        Browser(acme.served.origin).post(WHO, ticket=ticket, token=token),
        Browser(acme.served.origin).post(WHO, ticket=acme.id_of("tom"), token=token),
    ]

    assert [code_of(one) for one in refused] == [(403, "VIEW_AS_ENDED")] * 7
    assert code_of(Browser(acme.served.origin).post(WHO, ticket=ticket)) == (401, "UNAUTHENTICATED")
    assert alma.post(WHO, ticket=ticket).json()["data"]["viewer"]["displayName"] == "Tom Maes"


def test_a_look_ends_when_what_the_member_holds_changes_and_when_the_actor_signs_out(acme: Acme) -> None:
    alma, abel = acme.browser("alma"), acme.browser("abel")
    ticket, other = (one.start(acme.id_of("dirk"))["ticket"] for one in (alma, abel))
    before = [alma.post(WHO, ticket=ticket).status_code, abel.post(WHO, ticket=other).status_code]

    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    give = 'mutation { assignRole(input: {personId: "%s", role: VIEWER, expiresAt: "%s"}) { userErrors { code } } }'
    given = alma.post(give % (acme.id_of("dirk"), tomorrow)).json()
    after = alma.post(WHO, ticket=ticket)
    abel.post("mutation { signOut { userErrors { code } } }")

    assert before == [200, 200]
    assert given == {"data": {"assignRole": {"userErrors": []}}}
    assert code_of(after) == (403, "VIEW_AS_ENDED")
    assert code_of(abel.post(WHO, ticket=other)) == (401, "UNAUTHENTICATED")
