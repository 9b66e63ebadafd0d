"""What is told of work orders and assets when they are counted, to whom, and what it costs and leaves behind."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from graphql import OperationDefinitionNode, parse, validate

from isomod_graphql.core.flags import ERASED
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.store import Store
from isomod_graphql.engine.class_schemas import ClassSchemas
from isomod_graphql.engine.recording import Access
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.engine.wishes import Wish
from permissions.principals import Role
from schema.explaining import Explainer
from schema.limits import measure, parse_document, plan_cost
from tests.engine.asking import Answer, Below, Caller
from tests.engine.graph import Kept, World, add_member, add_order, built, execution_of, make_world
from tests.engine.overhearing import overheard
from tests.people import add_person

WHOLE: Final = "total remainder { count } groups { count"
MADE: Final = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """A fresh tenant with one open order at Gent."""
    return await make_world(store, tenant)


async def orders(store: Store, world: World, many: int, **columns: Any) -> None:  # noqa: ANN401  columns
    """So many more."""
    async with store.transaction(world.tenant) as tx:
        first = tx.new_id().int % 10**8
    for number in range(many):
        site = columns.get("site_id", world.gent)
        given = {"created_at": MADE, **columns, "location_id": site, "site_id": site}
        await add_order(store, world.tenant, site, 10 + first + number, **given)


async def asked(
    store: Store, viewer: Viewer, text: str, *, kept: Kept | None = None, wish: Wish | None = None
) -> Answer:
    """The answer of both executors, which is one."""
    answers = []
    for compiles in (True, False):
        ask = Below(execution_of(store, compiles=compiles, recorder=kept))
        answers.append(await replace(ask, wish=wish or ask.wish)(Caller("somebody", viewer.principal), text))
    assert (answers[0].data, answers[0].extensions) == (answers[1].data, answers[1].extensions)
    assert answers[0].codes == answers[1].codes
    return answers[0]


def masked(answer: Answer) -> list[tuple[str, str, str]]:
    """Coordinate, mask and reason of everything that is listed."""
    found = answer.extensions.get("masking", {}).get("fields", [])
    return [(one["coordinate"], one["mask"], one["reason"]) for one in found]


async def test_small_groups_are_left_over_together_and_the_total_holds(store: Store, world: World) -> None:
    await orders(store, world, 8)
    await orders(store, world, 4, status="IN_PROGRESS", started_at=MADE)
    await orders(store, world, 3, status="DRAFT")
    admin = world.viewer(store, world.stranger, Role.ADMIN)

    answer = await asked(
        store, admin, f"{{ workOrderStatistics(groupBy: [STATUS]) {{ {WHOLE} status stage }} }} }}"
    )

    assert answer.data["workOrderStatistics"] == {
        "total": 16,
        "remainder": {"count": 7},
        "groups": [{"count": 9, "status": "OPEN", "stage": "OPEN"}],
    }
    assert masked(answer) == []


async def test_a_filter_tells_nothing_of_its_small_complement(store: Store, world: World) -> None:
    await orders(store, world, 8)
    await orders(store, world, 1, status="CANCELLED")
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    text = f"{{ all: workOrderStatistics {{ {WHOLE} }} }} open: workOrderStatistics(filter: {{status: OPEN}}) {{ {WHOLE} }} }} }}"

    answer = await asked(store, admin, text)

    assert answer.data == {
        "all": {"total": 10, "remainder": None, "groups": [{"count": 10}]},
        "open": {"total": None, "remainder": None, "groups": []},
    }
    assert masked(answer) == [("WorkOrderStatistics.total", "SUPPRESSED_COUNT", "PRIVACY")]


async def test_of_fewer_than_five_rows_as_much_is_told_as_of_none(store: Store, world: World) -> None:
    await orders(store, world, 3)
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    text = f"{{ workOrderStatistics {{ {WHOLE} }} }} assetStatistics {{ {WHOLE} }} }} }}"

    answer = await asked(store, admin, text)

    nothing: dict[str, Any] = {"total": None, "remainder": None, "groups": []}
    assert answer.data == {"workOrderStatistics": nothing, "assetStatistics": nothing}
    assert [coordinate for coordinate, _, _ in masked(answer)] == [
        "AssetStatistics.total",
        "WorkOrderStatistics.total",
    ]


async def test_minutes_are_told_of_groups_all_of_whose_orders_are_completed(
    store: Store, world: World
) -> None:
    for minutes in (10, 20, 30, 40, 51):
        ended = MADE + timedelta(minutes=minutes, seconds=59)
        dates = {
            "started_at": MADE + timedelta(minutes=5),
            "completed_at": ended,
            "first_completed_at": ended,
        }
        await orders(store, world, 1, status="CLOSED", outcome="RESOLVED", due_at=MADE, **dates)
    await orders(store, world, 5)
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    chosen = "timeliness minutesToComplete { sum average } minutesWorked { sum average }"

    answer = await asked(
        store,
        admin,
        f"{{ workOrderStatistics(groupBy: [STAGE, TIMELINESS]) {{ {WHOLE} stage {chosen} }} }} }}",
    )

    assert answer.data["workOrderStatistics"]["groups"] == [
        {
            "count": 5, "stage": "COMPLETED", "timeliness": "LATE", "minutesToComplete": {"sum": 151.0, "average": 30},
            "minutesWorked": {"sum": 126.0, "average": 25},
        },
        {"count": 6, "stage": "OPEN", "timeliness": "NO_DUE_DATE", "minutesToComplete": None, "minutesWorked": None},
    ]  # fmt: skip


async def test_a_month_is_one_of_the_organisations_own_clock(store: Store, world: World) -> None:
    """Half past eleven at night in UTC is the next month in Brussels."""
    await orders(store, world, 6, created_at=datetime(2026, 3, 31, 23, 30, tzinfo=UTC))
    await orders(store, world, 5, created_at=datetime(2026, 3, 31, 21, 30, tzinfo=UTC))
    await orders(store, world, 4, created_at=datetime(2026, 11, 3, tzinfo=UTC))
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    chosen = f"{{ {WHOLE} createdIn }} }}"
    text = f"""{{ all: workOrderStatistics(groupBy: [CREATED_QUARTER]) {chosen}
        spring: workOrderStatistics(groupBy: [CREATED_MONTH], filter: {{createdIn: "2026-Q2"}}) {chosen} }}"""

    answer = await asked(store, admin, text)

    assert answer.data == {
        "all": {
            "total": 16,
            "remainder": None,
            "groups": [
                {"count": 5, "createdIn": "2026-Q1"},
                {"count": 6, "createdIn": "2026-Q2"},
                {"count": 5, "createdIn": "2026-Q4"},
            ],
        },
        "spring": {"total": 6, "remainder": None, "groups": [{"count": 6, "createdIn": "2026-04"}]},
    }


async def test_groups_by_person_are_for_who_reads_every_name(store: Store, world: World) -> None:
    heard, texts = overheard(store)
    for role in (Role.VIEWER, Role.REQUESTER):
        for name in ("ASSIGNEE", "REQUESTED_BY"):
            text = f"{{ workOrderStatistics(groupBy: [STATUS, {name}]) {{ total }} }}"
            answer = await asked(heard, world.viewer(store, world.stranger, role), text)
            assert answer.codes == ["FIELD_NOT_READABLE"]
            assert answer.data is None

    assert texts == []


async def test_working_time_is_measured_for_who_reads_everybodys(store: Store, world: World) -> None:
    heard, texts = overheard(store)
    text = "{ workOrderStatistics { groups { minutesWorked { sum } } } }"
    schemas = ClassSchemas(built()[1], built()[2])

    for role, known in (
        (Role.ADMIN, True),
        (Role.MANAGER, True),
        (Role.TECHNICIAN, False),
        (Role.QUALITY_MANAGER, False),
    ):
        viewer = world.viewer(store, world.stranger, role)
        texts.clear()
        answer = await asked(heard, viewer, text)
        assert answer.codes == ([] if known else ["FIELD_NOT_READABLE"])
        assert bool(texts) is known
        assert (validate(schemas.of(viewer).schema, parse(text)) == []) is known


def dimensions_of(viewer: Viewer) -> set[str]:
    """Those that the schema of the caller's class has."""
    kind: Any = ClassSchemas(built()[1], built()[2]).of(viewer).schema.type_map.get("AssetDimension")
    return set() if kind is None else set(kind.values)


async def test_the_schema_of_a_class_lacks_what_it_may_not_count_by(store: Store, world: World) -> None:
    admin, viewer, officer = (
        world.viewer(store, world.stranger, role) for role in (Role.ADMIN, Role.VIEWER, Role.PRIVACY_OFFICER)
    )

    assert dimensions_of(admin) == {"STATUS", "CRITICALITY", "SITE", "CUSTODIAN"}
    assert dimensions_of(viewer) == {"STATUS", "CRITICALITY", "SITE"}
    assert dimensions_of(officer) == set()


async def crew(store: Store, world: World, flags: Mapping[str, int]) -> dict[str, UUID]:
    """People with six orders each."""
    found = {}
    for name, flag in flags.items():
        found[name] = await add_person(
            store, world.tenant, kind="TECHNICIAN", name=f"{name} Peeters", flags=flag
        )
        await add_member(store, world.tenant, found[name])
        await orders(store, world, 6, assignee_id=found[name])
    return found


async def test_who_is_named_is_on_record_and_an_erased_person_is_left_over_among_five(
    store: Store, world: World
) -> None:
    people = await crew(store, world, dict.fromkeys(("Ann", "Bo", "Cas", "Dirk", "Els"), 0) | {"Fay": ERASED})
    kept = Kept()
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    text = f"{{ workOrderStatistics(groupBy: [ASSIGNEE]) {{ {WHOLE} assignee {{ name }} }} }} }}"

    answer = await asked(store, admin, text, kept=kept)

    assert answer.data["workOrderStatistics"]["total"] == 37
    assert answer.data["workOrderStatistics"]["remainder"] == {"count": 25}
    named = [one["assignee"]["name"] for one in answer.data["workOrderStatistics"]["groups"]]
    assert len(named) == 2
    assert "Fay Peeters" not in named
    shown = {people[name.split()[0]].bytes for name in named}
    assert [set(*one.released.values()) for one in kept.accesses] == [shown, shown]


async def test_counts_alone_leave_no_record_of_anybody(store: Store, world: World) -> None:
    await crew(store, world, dict.fromkeys(("Ann", "Bo"), 0))
    kept = Kept()

    await asked(
        store,
        world.viewer(store, world.stranger, Role.ADMIN),
        f"{{ workOrderStatistics(groupBy: [ASSIGNEE, STATUS]) {{ {WHOLE} }} }} }}",
        kept=kept,
    )

    none: list[Access] = []
    assert kept.accesses == none


async def test_only_rows_within_reach_are_counted_and_none_of_another_organisation(
    store: Store, world: World
) -> None:
    await orders(store, world, 6)
    await orders(store, world, 5, site_id=world.liege)
    other = new_id(store.clock.now())
    await store.keystore.create_tenant(other)
    elsewhere = await make_world(store, other)
    await orders(store, elsewhere, 9)
    text = f"{{ workOrderStatistics(groupBy: [SITE]) {{ {WHOLE} site {{ name }} }} }} }}"

    whole = await asked(store, world.viewer(store, world.stranger, Role.ADMIN), text)
    part = await asked(
        store, world.viewer(store, world.stranger, Role.MANAGER, sites=frozenset({world.liege})), text
    )
    mine = await asked(store, world.viewer(store, world.technician, Role.TECHNICIAN), text)

    found = {one["site"]["name"]: one["count"] for one in whole.data["workOrderStatistics"]["groups"]}
    assert found == {"Gent": 7, "Liège": 5}
    assert part.data["workOrderStatistics"]["groups"] == [{"count": 5, "site": {"name": "Liège"}}]
    assert mine.data["workOrderStatistics"] == {"total": None, "remainder": None, "groups": []}


async def test_a_masked_count_is_refused_by_who_wants_no_masks(store: Store, world: World) -> None:
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    text = "{ workOrderStatistics { total } }"

    refused = await asked(store, admin, text, wish=Wish(rejects=True))
    foretold = await asked(store, admin, text, wish=Wish(dry_run=True))

    assert refused.codes == ["MASKED_ANSWER_REJECTED"]
    assert masked(foretold) == [("WorkOrderStatistics.total", "SUPPRESSED_COUNT", "PRIVACY")]


async def test_counting_is_one_statement_and_each_kind_of_key_another(store: Store, world: World) -> None:
    await orders(store, world, 9)
    heard, texts = overheard(store)
    admin = Caller("admin", world.viewer(store, world.stranger, Role.ADMIN).principal)
    ask = Below(execution_of(heard))

    await ask(admin, f"{{ workOrderStatistics(groupBy: [STATUS, SITE]) {{ {WHOLE} status }} }} }}")
    counted = len(texts)
    await ask(
        admin, f"{{ workOrderStatistics(groupBy: [STATUS, SITE]) {{ {WHOLE} site {{ id name }} }} }} }}"
    )

    assert (counted, len(texts) - counted) == (1, 2)
    assert ask.execution.compiler.fallbacks == {}


async def test_an_explanation_shows_the_statement_that_counts(store: Store, world: World) -> None:
    await orders(store, world, 9)
    text = f"{{ workOrderStatistics(groupBy: [SITE]) {{ {WHOLE} site {{ name }} }} }} }}"
    document, execution = parse(text), execution_of(store)
    (operation,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    admin = world.viewer(store, world.stranger, Role.ADMIN).principal

    _, explanation = await Explainer(execution).run(
        operation, document, b"explained", {}, admin, None, points=7, timed=True
    )

    assert explanation is not None
    assert [(one.path, [of.tables for of in one.statements]) for one in explanation.levels] == [
        (("workOrderStatistics",), [("work_orders",)]),
        (("workOrderStatistics", "groups", "*", "site"), [("locations",)]),
    ]


async def test_four_things_at_most_tell_groups_apart(store: Store, world: World) -> None:
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    four = "{ workOrderStatistics(groupBy: [STATUS, PRIORITY, TYPE, STAGE], filter: {timeliness: LATE}) { total } }"

    told = await asked(store, admin, four)
    refused = await asked(store, admin, four.replace("LATE", 'LATE, createdIn: "2026"'))

    assert told.codes == []
    assert refused.codes == ["QUERY_TOO_COMPLEX"]


@pytest.mark.parametrize("period", ["2026-13", "2026-Q5", "26", "2026-03-01", "0999", "last year"])
def test_no_other_window_than_a_calendar_period_is_taken(period: str) -> None:
    text = f'{{ workOrderStatistics(filter: {{createdIn: "{period}"}}) {{ total }} }}'

    (error,) = validate(built()[1], parse(text))

    assert "CalendarPeriod" in error.message
    assert period not in error.message


def test_statistics_cost_as_a_list_of_ten_does() -> None:
    shape = measure(
        parse_document("{ workOrderStatistics(groupBy: [SITE]) { total groups { count site { name } } } }")
    )

    assert plan_cost(built()[1], shape, shape.choose(None)).cost({}) == 6
