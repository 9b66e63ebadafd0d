"""Whether somebody is restricted is told to the person, the privacy officer and who may correct data, over HTTP: two states that others must not tell apart answer everybody else with the same bytes."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import update

from isomod_graphql.core.installation import Urls
from isomod_graphql.core.store import Transaction
from isomod_graphql.identity.memberships import seclude
from isomod_graphql.identity.models import ApiToken
from isomod_graphql.subjects.facts import consent_bit
from isomod_graphql.subjects.models import Person
from permissions.categories import PERSONAL, Category
from permissions.principals import Scope
from permissions.purposes import Purpose
from tests.web.house import EVERY, House, keep_house
from tests.web.programs import register

C, S = Category, Scope
UNSHOWN: Final = [C.PAY, C.TIME, C.POSITION, C.DEVICE, C.COMMUNICATION, C.AUDIT]
"""Of nobody shown to anybody by the fields of a person, but to those who may know."""
ALL_BUT_TEXTS: Final = sorted(PERSONAL - {C.NOTES})
"""What somebody wrote is the record of the work: it stays when the writer is erased, and a restriction of texts hides it."""

FACE: Final = (
    "id __typename displayName pseudonym name email phone jobTitle address locale version restricted "
    'viewerAccess(fields: ["name", "email", "version", "restricted"]) { field read write reason } '
    "... on User { status lastSeenAt lastSeenYear roles { role } }"
)
WHOLE: Final = FACE + ' teams { id } access: viewerAccess(fields: ["teams"]) { read write reason }'
"""Programs know no teams."""
READS: Final[Mapping[str, str]] = {
    "detail": f"query ($id: ID!) {{ user(id: $id) {{ {FACE} }} }}",
    "node": f"query ($id: ID!) {{ node(id: $id) {{ ... on Person {{ {FACE} }} }} }}",
    "list": f"{{ users(first: 20) {{ totalCount nodes {{ {FACE} }} }} }}",
    "status": "{ users(first: 20, filter: {status: [ACTIVE]}) { totalCount nodes { id } } }",
    "by name": "{ users(first: 20, orderBy: NAME_ASC) { nodes { id } } }",
    "by prefix": "query ($prefix: String) { users(first: 20, filter: {namePrefix: $prefix}) { totalCount nodes { id } } }",
    "by address": "query ($email: EmailAddress) { users(first: 20, filter: {email: $email}) { totalCount nodes { id } } }",
    "links": f"{{ workOrders(first: 20) {{ nodes {{ number version requester {{ {FACE} }} assignee {{ {FACE} }} assignees {{ {FACE} }} history(first: 5) {{ nodes {{ at actor {{ id }} }} }} }} }} }}",
    "assets": f'{{ assets(first: 20) {{ nodes {{ name version custodian {{ {FACE} }} viewerAccess(fields: ["custodian"]) {{ read write reason }} }} }} }}',
    "orders of": "query ($id: ID) { workOrders(first: 20, filter: {requesterId: $id}) { totalCount nodes { number } } }",
    "work of": "query ($id: ID) { workOrders(first: 20, filter: {assigneeId: $id}) { totalCount nodes { number } } }",
    "assets of": "query ($id: ID) { assets(first: 20, filter: {custodianId: $id}) { totalCount nodes { name } } }",
}  # fmt: skip
STALE: Final = "updateAsset(input: {assetId: $pump, custodianId: $id, expectedVersion: 999}) { asset { id } userErrors { code field message } }"
WRITES: Final[Mapping[str, str]] = {
    "a stale version": f"mutation ($id: ID, $pump: ID!) {{ {STALE} }}",
    "a place that is none": (
        'mutation ($id: ID, $pump: ID) { createAsset(input: {name: "Fan", locationId: "x", parentId: $pump, custodianId: $id}) '
        "{ asset { id } userErrors { code field message } } }"
    ),
    "another site": (
        'mutation ($id: ID, $pump: ID, $liege: ID!) { createAsset(input: {name: "Fan", locationId: $liege, parentId: $pump, '
        "custodianId: $id}) { asset { id } userErrors { code field message } } }"
    ),
    "an order nowhere": (
        'mutation ($id: ID) { createWorkOrder(input: {title: "Look", requesterId: $id}) '
        "{ workOrder { id } userErrors { code field message } } }"
    ),
}
"""Each is refused for another reason as well; the person is judged first."""


@pytest.fixture(scope="module")
def house(urls: Urls) -> Iterator[House]:
    """Each test restricts people of its own."""
    with keep_house(urls, "untold") as kept:
        yield kept


Answers = dict[tuple[str, str], Any]


EVERYWHERE: Final = (
    "detail",
    "node",
    "list",
    "status",
    "links",
    "assets",
    "work of",
    "orders of",
    "assets of",
)
"""Every caller has these; filters over names and addresses are for who reads each of them."""


async def _noted(tx: Transaction) -> None:
    """Every token was used this hour: `lastSeenAt` of those who ask stays what it is."""
    await tx.run(
        update(ApiToken)
        .where(ApiToken.tenant_id == tx.tenant_id)
        .values(last_used_at=tx.now + timedelta(hours=1))
    )


class Callers:
    """Everybody who asks, with the tokens of the test."""

    def __init__(self, house: House) -> None:
        self.house = house
        people = ("manager", "technician", "viewer", "requester", "quality", "auditor")
        self.tokens = {name: house.token(name) for name in people}
        self.tokens["manager without contacts"] = house.token("manager", EVERY - {S.PII_CONTACT})
        self.tokens["manager of gent"] = house.bound("manager", "gent")
        self.tokens["assets and people"] = house.token(
            "manager", frozenset({S.ASSETS_WRITE, S.LOCATIONS_READ, S.USERS_READ, S.PII_IDENTITY})
        )
        reads = ("USERS_READ", "ASSETS_WRITE", "WORK_ORDERS_WRITE", "LOCATIONS_READ")
        self.tokens["program"] = register(house.served, *reads).token()
        named = register(house.served, *reads, "PII_IDENTITY", "PII_CONTACT")
        self.tokens["program with names"] = named.token(
            scope="users:read assets:write work_orders:write locations:read pii:identity pii:contact"
        )
        self.tokens["admin"] = house.token("admin")
        house.within(_noted)

    def answers(self, person: str, probes: Mapping[str, str]) -> Answers:
        """What each gets to each probe about this person."""
        found: Answers = {}
        sent = {
            "id": self.house.ids[person], "pump": self.house.ids["pump"], "liege": self.house.ids["liege"],
            "prefix": person, "email": f"{person}@inside.example",
        }  # fmt: skip
        for who, token in self.tokens.items():
            for name, text in probes.items():
                used = {key: value for key, value in sent.items() if f"${key}:" in text}
                asked = text if who.startswith("program") else text.replace(FACE, WHOLE)
                found[who, name] = self.house.ask(token, asked, **used).content
                if text in (READS["detail"], READS["list"], READS["links"]):
                    found[who, f"{name}, dry"] = self.house.foretold(token, asked, **used).content
                assert (
                    name not in EVERYWHERE
                    or who == "assets and people"
                    or b'"errors"' not in found[who, name]
                )
        return found


def changed(before: Answers, after: Answers) -> set[str]:
    """Who can tell the two states apart."""
    return {who for (who, probe), body in before.items() if after[who, probe] != body}


def restrict(house: House, person: str, categories: list[Category]) -> None:
    """By the privacy officer."""
    text = (
        "mutation ($id: ID!, $c: [Category!]!) { restrictProcessing(input: {subjectId: $id, categories: $c, "
        "ground: ACCURACY_CONTESTED}) { userErrors { code } } }"
    )
    done = house.data(house.token("officer"), text, id=house.ids[person], c=list(categories))
    assert done["restrictProcessing"]["userErrors"] == []


def lift(house: House, person: str) -> None:
    """By the privacy officer."""
    text = 'mutation ($id: ID!) { liftRestriction(input: {subjectId: $id, reason: "It is settled."}) { userErrors { code } } }'
    assert (
        house.data(house.token("officer"), text, id=house.ids[person])["liftRestriction"]["userErrors"] == []
    )


def erase(house: House, person: str) -> None:
    """By the privacy officer."""
    text = "mutation ($id: ID!) { erasePersonalData(input: {subjectId: $id, ground: OBJECTION}) { userErrors { code } } }"
    assert (
        house.data(house.token("officer"), text, id=house.ids[person])["erasePersonalData"]["userErrors"]
        == []
    )


def test_a_restriction_of_what_somebody_is_not_shown_changes_no_answer(house: House) -> None:
    """Nor does its end, so nobody counts; writes that name the person are answered as before."""
    callers, probes = Callers(house), {**READS, **WRITES}
    free = callers.answers("mark", probes)

    restrict(house, "mark", UNSHOWN)
    restricted = callers.answers("mark", probes)
    restrict(house, "mark", [C.CONTACT])
    silenced = callers.answers("mark", probes)
    lift(house, "mark")
    lifted = callers.answers("mark", probes)

    shown_contacts = {
        "manager",
        "manager of gent",
        "technician",
        "quality",
        "program with names",
        "requester",
    }
    assert changed(free, restricted) == {"admin"}
    assert changed(free, silenced) <= {"admin"} | shown_contacts
    assert changed(free, lifted) == {"admin"}
    assert {who for who in callers.tokens if who not in changed(free, silenced)} >= {
        "viewer", "auditor", "manager without contacts", "assets and people", "program",
    }  # fmt: skip


@pytest.mark.parametrize("person", ["caller", "southerner"])
def test_who_is_restricted_is_not_told_from_who_was_erased(house: House, person: str) -> None:
    """Somebody without a membership, and somebody who has left: all that is hidden is hidden for the same reason."""
    if person == "southerner":

        async def leave(tx: Transaction) -> None:
            await seclude(tx, house.rows[person])

        house.within(leave)
    callers = Callers(house)
    told = {"admin", "manager", "manager of gent", "manager without contacts"}
    restrict(house, person, ALL_BUT_TEXTS)

    reads, writes = callers.answers(person, READS), callers.answers(person, WRITES)
    erase(house, person)

    # Whoever may put people to work is told that one may not be; their forms offer no change of the erased either.
    assert {"admin"} <= changed(reads, callers.answers(person, READS)) <= told
    assert changed(writes, callers.answers(person, WRITES)) <= told
    assert b"NOT_FOUND" in writes["assets and people", "a stale version"]
    assert b'"custodianId"' in writes["assets and people", "another site"]
    assert b'"requesterId"' in writes["program", "an order nowhere"]


def test_a_program_for_notices_does_not_tell_a_restriction_from_a_consent_withdrawn(house: House) -> None:
    program = register(house.served, "USERS_READ", "PII_IDENTITY", "PII_CONTACT", purpose="NOTIFY")
    token = program.token(scope="users:read pii:identity pii:contact")

    async def agree(tx: Transaction, *, agreed: bool) -> None:
        here = (Person.tenant_id == tx.tenant_id, Person.id == house.rows["quality"])
        await tx.run(update(Person).where(*here).values(flags=consent_bit(Purpose.NOTIFY) if agreed else 0))

    def asked() -> list[bytes]:
        return [
            house.ask(
                token, READS[name], **({"id": house.ids["quality"]} if "$id" in READS[name] else {})
            ).content
            for name in ("detail", "node", "list", "status")
        ]

    house.within(lambda tx: agree(tx, agreed=True))
    free = asked()
    restrict(house, "quality", [C.CONTACT])
    restricted = asked()
    lift(house, "quality")
    house.within(lambda tx: agree(tx, agreed=False))
    withdrawn = asked()

    assert restricted == withdrawn != free
    assert b"quality@inside.example" in free[0]
    assert b"quality@inside.example" not in restricted[0]
