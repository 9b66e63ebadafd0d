"""The person sees when, what, why and through whom data were shown, and no employee; who oversees privacy sees who, and is on record for it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import insert, update

from isomod_graphql.audit import folds
from isomod_graphql.audit.access import AccessLog
from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.store import Store
from isomod_graphql.identity.models import PartnerClient
from isomod_graphql.subjects.facts import ERASED
from isomod_graphql.subjects.models import Person
from permissions.principals import Role
from tests.audit.accesses import CONTACT, IDENTITY, access, stored
from tests.engine.asking import Answer, Below, Caller
from tests.engine.graph import World, execution_of, make_world

AUDIT = 256
DAY = timedelta(days=1)
MINE = "{ myAccessLog(first: 10) { totalCount nodes { day recipient program purpose categories answers } } }"
WHO = """query ($given: AccessRecordFilter) { accessRecords(first: 10, filter: $given) { nodes {
    day subject { displayName } viewer { displayName } viewedAs { displayName } recipient program categories } } }"""


@dataclass(frozen=True)
class House:
    """A small organisation, what was recorded of it, and a way to ask."""

    world: World
    store: Store
    ask: Below

    def caller(self, person: UUID, *roles: Role) -> Caller:
        """Somebody of the house."""
        return Caller(f"{person} {roles}", self.world.viewer(self.store, person, *roles).principal)

    @property
    def officer(self) -> Caller:
        """Who oversees privacy."""
        return self.caller(self.world.stranger, Role.PRIVACY_OFFICER)

    async def global_id(self, person: UUID) -> str:
        """The id of a person in the graph."""
        return (await self.store.keystore.tenant(self.world.tenant)).ids.seal(1, person)


@pytest.fixture
async def house(access_log: AccessLog, store: Store, tenant: UUID, clock: SettableClock) -> House:
    """On Monday the requester saw the technician's name twice and a program the address; on Tuesday the requester saw both."""
    world = await make_world(store, tenant)
    async with store.transaction(tenant, write=True) as tx:
        program = {
            "tenant_id": tenant,
            "id": tenant,
            "public_key": "c-1",
            "name": "Planner",
            "scopes": [],
            "caveats": {},
        }
        program |= {
            "purpose": "NOTIFY",
            "expires_at": tx.now + DAY,
            "created_at": tx.now,
            "updated_at": tx.now,
        }
        await tx.run(insert(PartnerClient).values(program))
    for _ in range(2):
        seen = access(tenant, world.requester, clock.now(), {IDENTITY: [world.technician, world.stranger]})
        await access_log.record(seen)
    program_saw = access(
        tenant, tenant, clock.now(), {CONTACT: [world.technician]}, purpose="NOTIFY", kind="CLIENT"
    )
    await access_log.record(program_saw)
    clock.advance(DAY)
    both = access(tenant, world.requester, clock.now(), {IDENTITY | CONTACT: [world.technician]})
    await access_log.record(both)
    clock.advance(timedelta(minutes=1))
    await folds.fold_access(store, clock.now())
    return House(world, store, Below(execution_of(store, recorder=access_log)))


def nodes(answer: Answer, field: str) -> list[dict[str, Any]]:
    """The rows of a page, the first first."""
    assert answer.errors == []
    found: list[dict[str, Any]] = answer.data[field]["nodes"]
    return sorted(found, key=str)


async def test_the_person_reads_when_what_why_and_through_whom_and_no_employee(house: House) -> None:
    answer = await house.ask(house.caller(house.world.technician, Role.TECHNICIAN), MINE)

    monday, tuesday = "2026-11-02", "2026-11-03"
    ours = {"recipient": "ORGANISATION", "program": None, "purpose": "SERVICE"}
    assert nodes(answer, "myAccessLog") == [
        {"day": monday, **ours, "categories": ["IDENTITY"], "answers": 2},
        {"day": monday, "recipient": "PROGRAM", "program": "Planner", "purpose": "NOTIFY", "categories": ["CONTACT"], "answers": 1},
        {"day": tuesday, **ours, "categories": ["CONTACT", "IDENTITY"], "answers": 1},
    ]  # fmt: skip
    assert answer.data["myAccessLog"]["totalCount"] == 3
    assert house.ask.execution.compiler.answers == 1


async def test_every_member_reads_the_own_log_whatever_the_role_and_nobody_reads_anothers(
    house: House,
) -> None:
    stranger = nodes(await house.ask(house.caller(house.world.stranger), MINE), "myAccessLog")
    requester = nodes(await house.ask(house.caller(house.world.requester, Role.ADMIN), MINE), "myAccessLog")
    officer = nodes(await house.ask(house.officer, MINE), "myAccessLog")

    assert [one["categories"] for one in stranger] == [["IDENTITY"]]
    assert requester == []
    assert officer == stranger


async def test_reading_the_own_log_is_not_on_record_and_reading_anothers_is(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    before = await stored(owner_eye, house.world.tenant)
    await house.ask(house.caller(house.world.technician), MINE)
    own = await stored(owner_eye, house.world.tenant)
    subject = await house.global_id(house.world.technician)

    days = "query ($given: AccessRecordFilter) { accessRecords(first: 9, filter: $given) { nodes { viewer { id } } } }"
    await house.ask(house.officer, days, {"given": {"subjectId": subject}})

    assert own == before
    (new,) = [row for row in await stored(owner_eye, house.world.tenant) if row not in before]
    assert (new[0], new[5], new[6]) == (house.world.stranger, AUDIT, [house.world.technician.bytes])


async def test_who_oversees_privacy_reads_who_saw_whom(house: House) -> None:
    subject = await house.global_id(house.world.technician)

    answer = await house.ask(house.officer, WHO, {"given": {"subjectId": subject, "category": ["CONTACT"]}})

    tom = {"subject": {"displayName": "T•• C••"}, "viewedAs": None}
    rita, planner = {"viewer": {"displayName": "R•• M••"}}, {"viewer": None}
    ours, theirs = (
        {"recipient": "ORGANISATION", "program": None},
        {"recipient": "PROGRAM", "program": "Planner"},
    )
    assert nodes(answer, "accessRecords") == [
        {"day": "2026-11-02", **tom, **planner, **theirs, "categories": ["CONTACT"]},
        {"day": "2026-11-03", **tom, **rita, **ours, "categories": ["CONTACT", "IDENTITY"]},
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, 4),
        ({"viewerId": "requester"}, 3),
        ({"viewerId": "technician"}, 0),
        ({"subjectId": "stranger"}, 1),
        ({"day": {"gte": "2026-11-03"}}, 1),
        ({"day": {"lt": "2026-11-03"}}, 3),
        ({"day": {"gte": "2026-11-02", "lt": "2026-11-02"}}, 0),
        ({"category": ["CONTACT", "PAY"]}, 2),
        ({"category": []}, 0),
        ({"category": ["OPERATIONAL"]}, 0),
        ({"purpose": ["NOTIFY"]}, 1),
        ({"purpose": ["NOTIFY", "SERVICE"], "viewerId": "requester", "category": ["IDENTITY"]}, 3),
    ],
)
async def test_records_are_found_by_whom_by_day_by_category_and_by_purpose(
    house: House, given: dict[str, Any], expected: int
) -> None:
    people = {
        "requester": house.world.requester,
        "technician": house.world.technician,
        "stranger": house.world.stranger,
    }
    asked = {
        name: await house.global_id(people[value]) if name.endswith("Id") else value
        for name, value in given.items()
    }

    answer = await house.ask(house.officer, WHO, {"given": asked})

    assert len(nodes(answer, "accessRecords")) == expected


async def test_pages_are_complete_and_a_cursor_is_bound_to_its_reader(house: House) -> None:
    text = """query ($after: Cursor) { accessRecords(first: 3, after: $after) {
        nodes { id } pageInfo { endCursor hasNextPage } } }"""
    whole = await house.ask(house.officer, "{ accessRecords(first: 10) { nodes { id day } } }")
    first = (await house.ask(house.officer, text)).data["accessRecords"]
    after = {"after": first["pageInfo"]["endCursor"]}
    second = (await house.ask(house.officer, text, after)).data["accessRecords"]
    other = await house.ask(house.caller(house.world.requester, Role.PRIVACY_OFFICER), text, after)
    mine = await house.ask(
        house.officer,
        "query ($after: Cursor) { myAccessLog(first: 3, after: $after) { nodes { id } } }",
        after,
    )

    days = [one["day"] for one in whole.data["accessRecords"]["nodes"]]
    assert days == ["2026-11-03", "2026-11-02", "2026-11-02", "2026-11-02"]
    assert first["nodes"] + second["nodes"] == [
        {"id": one["id"]} for one in whole.data["accessRecords"]["nodes"]
    ]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert (other.codes, mine.codes) == (["CURSOR_INVALID"], ["CURSOR_INVALID"])


async def test_a_record_is_a_node_to_who_may_read_it_and_to_nobody_else(house: House) -> None:
    found = await house.ask(house.officer, "{ accessRecords(first: 10) { nodes { id } } }")
    ids = {"ids": [one["id"] for one in found.data["accessRecords"]["nodes"]]}
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on AccessRecord { answers } } }"

    officer = await house.ask(house.officer, text, ids)
    admin = await house.ask(house.caller(house.world.stranger, Role.ADMIN), text, ids)
    subject = await house.ask(house.caller(house.world.technician, Role.TECHNICIAN), text, ids)

    assert sorted(one["answers"] for one in officer.data["nodes"]) == [1, 1, 2, 2]
    assert admin.data["nodes"] == subject.data["nodes"] == [None] * 4


async def test_an_erased_person_stays_in_the_records_under_a_pseudonym(house: House) -> None:
    async with house.store.transaction(house.world.tenant, write=True) as tx:
        here = (Person.tenant_id == tx.tenant_id, Person.id == house.world.technician)
        await tx.run(update(Person).where(*here).values(flags=ERASED))
        number = (await tx.all(Person.__table__.select().where(*here)))[0].pseudonym_number
    subject = await house.global_id(house.world.technician)

    answer = await house.ask(house.officer, WHO, {"given": {"subjectId": subject, "purpose": ["NOTIFY"]}})

    (kept,) = nodes(answer, "accessRecords")
    assert kept["subject"] == {"displayName": f"Colleague #{number}"}
    assert (kept["program"], kept["categories"]) == ("Planner", ["CONTACT"])
