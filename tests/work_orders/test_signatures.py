"""Signatures under completed work: who may put which name there, what a refusal leaves behind, and who reads the name afterwards."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import select

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.subjects.models import Person
from isomod_graphql.work_orders.input import StepInput
from isomod_graphql.work_orders.models import SignatureMeaning
from isomod_graphql.work_orders.rules import Transition
from isomod_graphql.work_orders.signatures import sign_work_order
from permissions.principals import Assurance, Role
from tests.engine.asking import Answer, Below, Caller
from tests.engine.graph import execution_of, run
from tests.people import add_person
from tests.schema.changing import change, denial, denied, job, person, refusal
from tests.work_orders.steps import DONE
from tests.worlds import World, a_world, rows_of

TABLES = ("work_orders", "work_order_history", "work_order_signatures", "outbox", "idempotency_keys")
SIGNED = "workOrder { status version signatures { meaning signedAt completionAt signerName signerTitle signer { id } } }"
READ = "query ($id: ID!) { workOrder(id: $id) { signatures { signerName signerTitle signer { displayName name } } } }"
ERASE = """mutation ($input: ErasePersonalDataInput!) { erasePersonalData(input: $input) {
  certificate { state kept { keep } } userErrors { code } } }"""
NOW = "2026-11-02T09:00:00Z"


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """People without names."""
    return await a_world(store, tenant)


async def named(world: World) -> Viewer:
    """A technician with a name."""
    fitter = await add_person(
        world.store,
        world.tenant,
        kind="TECHNICIAN",
        name="Tom Claes",
        job_title="Fitter",
        phone="+32470000001",
    )
    return world.viewer(fitter, Role.TECHNICIAN)


async def completed(world: World, lead: UUID) -> UUID:
    """An order that the lead has completed."""
    order = await world.order()
    await world.assign(order, lead)
    for step, given in ((Transition.OPEN, None), (Transition.START, None), (Transition.COMPLETE, DONE)):
        await world.step(order, step, world.viewer(lead, Role.TECHNICIAN) if given else None, given=given)
    return order


async def read(world: World, viewer: Viewer, order: UUID, *, compiles: bool) -> Answer:
    """The signatures of an order as somebody sees them."""
    below = Below(execution_of(world.store, compiles=compiles))
    return await below(Caller("somebody", viewer.principal), READ, {"id": await job(world, order)})


async def signatures(world: World, viewer: Viewer, order: UUID) -> list[dict[str, Any]]:
    """The same through both executors, which agree."""
    compiled, reference = [await read(world, viewer, order, compiles=way) for way in (True, False)]
    assert compiled.errors == reference.errors == []
    assert (compiled.data, compiled.extensions) == (reference.data, reference.extensions)
    found: list[dict[str, Any]] = compiled.data["workOrder"]["signatures"]
    return found


async def test_who_did_the_work_signs_it_and_the_order_stays_as_it_is(world: World) -> None:
    fitter = await named(world)
    assert fitter.person_id is not None
    order = await completed(world, fitter.person_id)

    payload = await change(
        world, fitter, "signWorkOrder", SIGNED, workOrderId=await job(world, order), meaning="PERFORMED",
        expectedVersion=5,
    )  # fmt: skip

    signature = {
        "meaning": "PERFORMED", "signedAt": NOW, "completionAt": NOW, "signerName": "Tom Claes", "signerTitle": "Fitter",
        "signer": {"id": await person(world, fitter.person_id)},
    }  # fmt: skip
    assert payload == {
        "workOrder": {"status": "COMPLETED", "version": 5, "signatures": [signature]},
        "userErrors": [],
    }


async def test_a_closed_order_can_still_be_signed_and_another_completion_is_signed_anew(
    world: World, clock: SettableClock
) -> None:
    fitter = await named(world)
    assert fitter.person_id is not None
    order = await completed(world, fitter.person_id)
    known = await job(world, order)
    await change(world, fitter, "signWorkOrder", SIGNED, workOrderId=known, meaning="PERFORMED")
    await world.step(order, Transition.REOPEN, given=StepInput(reason="Drips"))
    clock.advance(timedelta(seconds=60))
    await world.step(order, Transition.COMPLETE, fitter, given=DONE)
    await world.step(order, Transition.CLOSE)

    payload = await change(world, fitter, "signWorkOrder", SIGNED, workOrderId=known, meaning="PERFORMED")

    assert payload["workOrder"]["status"] == "CLOSED"
    assert [one["completionAt"] for one in payload["workOrder"]["signatures"]] == [
        NOW,
        "2026-11-02T09:01:00Z",
    ]


async def test_a_signature_that_may_not_stand_there_is_refused_and_nothing_happens(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    fitter = await named(world)
    assert fitter.person_id is not None
    done, draft = await completed(world, fitter.person_id), await world.order()
    await world.assign(draft, fitter.person_id)
    known, unfinished = await job(world, done), await job(world, draft)
    await change(world, fitter, "signWorkOrder", SIGNED, workOrderId=known, meaning="PERFORMED")
    outsider = await add_person(world.store, world.tenant, name="Sam Wouters")
    judge, nameless = (
        world.viewer(outsider, Role.QUALITY_MANAGER),
        world.viewer(world.colleague, Role.QUALITY_MANAGER),
    )
    before = await rows_of(owner_eye, world.tenant, *TABLES)

    found = [
        await refusal(world, who, "signWorkOrder", {"workOrderId": order, "meaning": meaning, **more})
        for who, order, meaning, more in (
            (fitter, unfinished, "PERFORMED", {}),
            (judge, known, "PERFORMED", {}),
            (fitter, known, "REVIEWED", {}),
            (fitter, known, "APPROVED", {}),
            (fitter, known, "PERFORMED", {}),
            (judge, known, "REVIEWED", {"expectedVersion": 9}),
            (judge, "garbage", "REVIEWED", {}),
            (nameless, known, "REVIEWED", {}),
        )
    ]

    assert found == [
        ("NOT_COMPLETED", None), ("NOT_ASSIGNED", None), ("FOUR_EYES_REQUIRED", None), ("FOUR_EYES_REQUIRED", None),
        ("CONFLICT", "meaning"), ("STALE_VERSION", "expectedVersion"), ("NOT_FOUND", "workOrderId"),
        ("BAD_USER_INPUT", "meaning"),
    ]  # fmt: skip
    assert await rows_of(owner_eye, world.tenant, *TABLES) == before


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.VIEWER, Role.REQUESTER, Role.PRIVACY_OFFICER])
async def test_whoever_only_reads_signs_nothing_and_the_attempt_is_on_record(
    world: World, owner_eye: asyncpg.Connection, role: Role
) -> None:
    order = await completed(world, world.technician)
    given = {"workOrderId": await job(world, order), "meaning": "REVIEWED"}

    code = await denial(world, world.viewer(world.colleague, role), "signWorkOrder", given)

    assert code == "FORBIDDEN"
    assert await denied(owner_eye, world) == [("WORK_ORDER_SIGN", "ROLE", world.colleague)]
    assert await rows_of(owner_eye, world.tenant, "work_order_signatures") == []


async def test_the_database_itself_lets_nobody_change_a_signature(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    rights = await owner_eye.fetch(
        """SELECT privilege_type FROM information_schema.role_table_grants
           WHERE grantee = 'isomod_app' AND table_name = 'work_order_signatures' ORDER BY 1"""
    )

    assert [row["privilege_type"] for row in rights] == ["INSERT", "SELECT"]


async def test_the_auditor_alone_reads_the_name_of_a_signer_who_was_erased(world: World) -> None:
    fitter = await named(world)
    assert fitter.person_id is not None
    order = await completed(world, fitter.person_id)
    async with world.store.transaction(world.tenant, write=True) as tx:
        await sign_work_order(tx, fitter, work_order_id=order, meaning=SignatureMeaning.PERFORMED)
    auditor, boss = world.viewer(world.colleague, Role.AUDITOR), world.viewer(world.manager, Role.MANAGER)
    judge, onlooker = (
        world.viewer(world.colleague, Role.QUALITY_MANAGER),
        world.viewer(world.manager, Role.VIEWER),
    )
    alive = [await signatures(world, who, order) for who in (auditor, boss, onlooker)]

    await erase(world, fitter.person_id)

    raw = {"signerName": "Tom Claes", "signerTitle": "Fitter"}
    nothing = {"signerName": None, "signerTitle": None}
    here = {"displayName": "Tom Claes", "name": "Tom Claes"}
    masked = {
        "signerName": "T•• C••", "signerTitle": None, "signer": {"displayName": "T•• C••", "name": "T•• C••"}
    }  # fmt: skip
    gone = {"displayName": f"Technician #{await number_of(world, fitter.person_id)}", "name": None}
    assert alive == [[{**raw, "signer": here}], [{**raw, "signer": here}], [masked]]
    assert await signatures(world, auditor, order) == [{**raw, "signer": gone}]
    for who in (boss, judge, onlooker, world.as_admin):
        assert await signatures(world, who, order) == [{**nothing, "signer": gone}]


async def test_a_restriction_hides_the_signer_from_the_auditor_too(world: World) -> None:
    fitter = await named(world)
    assert fitter.person_id is not None
    order = await completed(world, fitter.person_id)
    async with world.store.transaction(world.tenant, write=True) as tx:
        await sign_work_order(tx, fitter, work_order_id=order, meaning=SignatureMeaning.PERFORMED)

    given = {
        "subjectId": await person(world, fitter.person_id), "categories": ["IDENTITY"], "ground": "ACCURACY_CONTESTED"
    }  # fmt: skip
    text = "mutation ($input: RestrictProcessingInput!) { restrictProcessing(input: $input) { userErrors { code } } }"
    done = await run(world.store, officer(world), text, input=given)

    assert done.data == {"restrictProcessing": {"userErrors": []}}
    (shown,) = await signatures(world, world.viewer(world.colleague, Role.AUDITOR), order)
    assert (shown["signerName"], shown["signerTitle"], shown["signer"]["name"]) == (None, None, None)
    (own,) = await signatures(world, fitter, order)
    assert own["signerName"] == "Tom Claes"


async def number_of(world: World, person_id: UUID) -> int:
    async with world.store.transaction(world.tenant) as tx:
        number: int = await tx.value(select(Person.pseudonym_number).where(Person.id == person_id))
    return number


def officer(world: World) -> Viewer:
    """The privacy officer, freshly proven."""
    now = world.store.clock.now()
    plain = world.viewer(world.colleague, Role.PRIVACY_OFFICER).principal
    until = now + timedelta(minutes=10)
    return Viewer.at(replace(plain, assurance=Assurance.STEPPED_UP, stepped_up_until=until), now)


async def erase(world: World, person_id: UUID) -> None:
    given = {"subjectId": await person(world, person_id), "ground": "OBJECTION"}
    done = await run(world.store, officer(world), ERASE, input=given)
    kept = [{"keep": "AUDIT"}, {"keep": "EVIDENCE"}]
    assert done.data == {
        "erasePersonalData": {"certificate": {"state": "UNREADABLE", "kept": kept}, "userErrors": []}
    }
