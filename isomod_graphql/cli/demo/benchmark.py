"""The organisation `Bench`: every value is a function of the row number, as in the data set of the read benchmark. It refuses chance.

`times` is how many times as many rows there are of everything: the benchmark grows its data.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any, Final, NamedTuple
from uuid import UUID

from isomod_graphql.assets.models import Asset
from isomod_graphql.cli.demo.people import Member
from isomod_graphql.cli.demo.places import asset_row, location_row
from isomod_graphql.cli.demo.rows import id_in_order, put_rows
from isomod_graphql.cli.demo.stories import Cast, Change, Course
from isomod_graphql.cli.demo.work import Work, columns_of, go_on_after, history_rows, put_orders
from isomod_graphql.core.store import Transaction
from isomod_graphql.locations.models import Location
from isomod_graphql.work_orders.rules import (
    Outcome,
    Transition,
    TransitionInput,
    WorkOrderFacts,
    WorkOrderPriority,
    WorkOrderStatus,
    WorkOrderType,
)
from permissions.principals import Role

SLUG: Final = "bench"
NAME: Final = "Bench"
LOCATIONS, PEOPLE, ASSETS, WORK_ORDERS = 50, 1_000, 5_000, 50_000
START: Final = datetime(2025, 1, 1, tzinfo=UTC)
STATUSES: Final = (WorkOrderStatus.OPEN, WorkOrderStatus.IN_PROGRESS, WorkOrderStatus.COMPLETED)
PRIORITIES: Final = (WorkOrderPriority.LOW, WorkOrderPriority.MEDIUM, WorkOrderPriority.HIGH)
ROLES: Final = (
    Role.ADMIN, Role.MANAGER, Role.TECHNICIAN, Role.REQUESTER, Role.VIEWER, Role.QUALITY_MANAGER, Role.AUDITOR,
    Role.PRIVACY_OFFICER,
)  # fmt: skip
"""Of the first people; the others are known and cannot sign in."""


def location_id(number: int) -> UUID:
    """Of the location with this number."""
    return id_in_order(START, number)


def asset_id(number: int) -> UUID:
    """Of the asset with this number."""
    return id_in_order(START, 100_000 + number)


def person_id(number: int) -> UUID:
    """Of the person with this number."""
    return id_in_order(START, 200_000 + number)


class Numbers(NamedTuple):
    """What a work order refers to, by number."""

    asset: int
    assignee: int
    requester: int


def numbers_of(order: int, times: int = 1) -> Numbers:
    """Of the work order with this number."""
    assets, people = ASSETS * times, PEOPLE * times
    return Numbers(1 + order * 7 % assets, 1 + order * 13 % people, 1 + order * 17 % people)


def members(times: int = 1) -> list[Member]:
    """A thousand people."""
    return [
        Member(
            {
                "name": f"Person Name {number}", "email": f"person{number}@example.com",
                "job_title": f"Technician {number % 7}", "phone": f"+3247{1_000_000 + number}",
            },
            ROLES[number - 1] if number <= len(ROLES) else None,
            kind="TECHNICIAN",
            person_id=person_id(number),
        )
        for number in range(1, PEOPLE * times + 1)
    ]  # fmt: skip


def location_rows(times: int = 1) -> Iterator[dict[str, Any]]:
    """Fifty sites, made one second after the other."""
    for number in range(1, LOCATIONS * times + 1):
        site = location_id(number)
        row = location_row(site, None, site, 0, f"Site {number}", START + timedelta(seconds=number))
        yield row | {
            "address": f"Street {number} 1, 9000 Gent", "latitude": 50.8 + number * 0.001, "longitude": 4.3 + number * 0.001,
        }  # fmt: skip


def asset_rows(times: int = 1) -> Iterator[dict[str, Any]]:
    """Five thousand pumps."""
    for number in range(1, ASSETS * times + 1):
        site = location_id(1 + number % (LOCATIONS * times))
        serial = md5(str(number).encode(), usedforsecurity=False).hexdigest()
        yield asset_row(asset_id(number), site, site, f"Pump {number}", START) | {
            "serial_number": f"SN-{serial}", "manufacturer": "Grundfos", "model": f"CR {number % 40}",
        }  # fmt: skip


def work(part: int = 0, times: int = 1) -> Work:
    """Fifty thousand orders with their histories; `part` counts the fifty thousands."""
    found = Work()
    for number in range(part * WORK_ORDERS + 1, (part + 1) * WORK_ORDERS + 1):
        at = START - timedelta(minutes=number)
        of = numbers_of(number, times)
        cast = Cast(person_id(of.requester), person_id(of.assignee))
        course = course_of(number, at, cast)
        order_id = id_in_order(at, 0)
        site = location_id(1 + of.asset % (LOCATIONS * times))
        row = {
            "id": order_id, "number": number, "title": f"Replace seal {number}", "description": "Check the pump. " * 10,
            "priority": PRIORITIES[number % 3], "type": WorkOrderType.CORRECTIVE, "asset_id": asset_id(of.asset),
            "location_id": site, "site_id": site, "assignee_id": cast.lead_id, "requester_id": cast.planner_id,
            "created_by_id": cast.planner_id, "due_at": START + timedelta(minutes=number), "created_at": at,
        }  # fmt: skip
        found.orders.append(row | columns_of(course))
        found.assignees.append({"work_order_id": order_id, "person_id": cast.lead_id})
        found.history.extend(history_rows(order_id, course))
    return found


def course_of(number: int, at: datetime, cast: Cast) -> Course:
    """Opened at once, started a second later and completed a second after that, as far as the status says."""
    asker, lead = cast.planner_id, cast.lead_id or cast.planner_id
    course = Course(WorkOrderFacts(WorkOrderStatus.DRAFT, has_assignee=True))
    course.changes.append(Change(at, asker, None, None, WorkOrderStatus.DRAFT))
    course.take(Transition.OPEN, at, asker, TransitionInput())
    if number % 3 >= STATUSES.index(WorkOrderStatus.IN_PROGRESS):
        course.take(Transition.START, at + timedelta(seconds=1), lead, TransitionInput())
    if number % 3 == STATUSES.index(WorkOrderStatus.COMPLETED):
        given = TransitionInput(outcome=Outcome.RESOLVED)
        course.take(Transition.COMPLETE, at + timedelta(seconds=2), lead, given, "Seal replaced.")
    return course


async def put_places_and_work(tx: Transaction, times: int = 1) -> None:
    """Locations, assets and work orders; the people are there already."""
    await put_rows(tx, Location, list(location_rows(times)))
    await put_rows(tx, Asset, list(asset_rows(times)))
    for part in range(times):
        await put_orders(tx, work(part, times))
    await go_on_after(tx, times * WORK_ORDERS)
