"""The work orders of a demo organisation as rows, with who is on them and how they came to be. It refuses a course that the rules refuse."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from isomod_graphql.cli.demo.companies import Company, Job
from isomod_graphql.cli.demo.people import Member
from isomod_graphql.cli.demo.places import Premises
from isomod_graphql.cli.demo.rows import put_rows
from isomod_graphql.cli.demo.stories import PATHS, Cast, Course, Words, ends_at, statuses, tell, written_at
from isomod_graphql.core.counters import Counter
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.store import Transaction
from isomod_graphql.work_orders.models import WorkOrder, WorkOrderAssignee, WorkOrderHistory
from isomod_graphql.work_orders.rules import Outcome, Transition, WorkOrderPriority
from isomod_graphql.work_orders.service import NUMBERS
from permissions.principals import Role

PRIORITIES = {
    WorkOrderPriority.NONE: 1, WorkOrderPriority.LOW: 5, WorkOrderPriority.MEDIUM: 8, WorkOrderPriority.HIGH: 4,
    WorkOrderPriority.URGENT: 1,
}  # fmt: skip
DUE_AFTER_DAYS = {"NONE": 30, "LOW": 21, "MEDIUM": 10, "HIGH": 4, "URGENT": 1}


@dataclass(slots=True)
class Work:
    """The rows of one organisation."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    assignees: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Crew:
    """Who takes which part. The first of each is the one whose credentials the demo hands out, and is busiest."""

    planners: Sequence[Member]
    workers: Sequence[Member]
    askers: Sequence[Member]

    @classmethod
    def of(cls, members: Sequence[Member]) -> "Crew":
        """By role."""
        parts = (Role.MANAGER, Role.TECHNICIAN, Role.REQUESTER)
        return cls(*([member for member in members if member.role is role] for role in parts))


def work_of(
    company: Company,
    premises: Premises,
    members: Sequence[Member],
    total: int,
    now: datetime,
    dice: random.Random,
) -> Work:
    """`total` orders numbered in the order in which they were written."""
    crew, work = Crew.of(members), Work()
    written = sorted((written_at(status, now, dice), status) for status in statuses(total, dice))
    for number, (at, status) in enumerate(written, 1):
        asset, kind = dice.choice(premises.kinds)
        job = dice.choice(company.jobs[kind])
        path = dice.choice(PATHS[status])
        cast = _cast(crew, asset["site_id"], path, dice)
        end = ends_at(status, at, now, dice)
        course = tell(path, at, end, cast, _words(company, job, dice), dice)
        order_id = new_id(at)
        work.orders.append(_order_row(number, order_id, at, asset, job, cast, course, crew, dice))
        work.assignees.extend(_assignee_rows(order_id, cast, crew, asset["site_id"], dice))
        work.history.extend(history_rows(order_id, course))
    return work


async def put_work(tx: Transaction, work: Work) -> None:
    """Writes the orders, who is on them, their history, and where the numbers go on."""
    await put_orders(tx, work)
    await go_on_after(tx, max(order["number"] for order in work.orders))


async def put_orders(tx: Transaction, work: Work) -> None:
    """Writes the orders, who is on them and their history; the numbers do not go on yet."""
    await put_rows(tx, WorkOrder, work.orders)
    await put_rows(tx, WorkOrderAssignee, work.assignees)
    await put_rows(tx, WorkOrderHistory, work.history)


async def go_on_after(tx: Transaction, number: int) -> None:
    """The next order gets the number after this one."""
    await put_rows(tx, Counter, [{"name": NUMBERS, "value": number}])


def _at_site(members: Sequence[Member], site_id: UUID, dice: random.Random) -> Member:
    """Somebody who works on this site; the first of the list more often than the others."""
    here = [member for member in members if member.site_id in {None, site_id}]
    return here[0] if dice.random() < 1 / 6 else dice.choice(here)


def _cast(crew: Crew, site_id: UUID, path: Sequence[Transition], dice: random.Random) -> Cast:
    """Most orders that nobody has planned yet have nobody either."""
    planner = _at_site(crew.planners, site_id, dice).person_id
    waits = not set(path) - {Transition.OPEN, Transition.CANCEL} and dice.random() < 0.6
    return Cast(planner, None if waits else _at_site(crew.workers, site_id, dice).person_id)


def _words(company: Company, job: Job, dice: random.Random) -> Words:
    outcome = dice.choices([Outcome.RESOLVED, Outcome.PARTIAL], [9, 1])[0]
    return Words(
        dice.choice(company.holds),
        dice.choice(company.cancellations),
        dice.choice(company.reopenings),
        job.resolution if outcome is Outcome.RESOLVED else company.partial,
        outcome,
    )


def _order_row(
    number: int,
    order_id: UUID,
    at: datetime,
    asset: dict[str, Any],
    job: Job,
    cast: Cast,
    course: Course,
    crew: Crew,
    dice: random.Random,
) -> dict[str, Any]:
    priority = dice.choices(list(PRIORITIES), list(PRIORITIES.values()))[0]
    due = at + timedelta(days=DUE_AFTER_DAYS[priority] * dice.uniform(0.7, 1.6))
    return {
        "id": order_id, "number": number, "title": job.title, "description": job.description, "priority": priority,
        "type": job.type, "asset_id": asset["id"], "location_id": asset["location_id"], "site_id": asset["site_id"],
        "assignee_id": cast.lead_id, "requester_id": _at_site(crew.askers, asset["site_id"], dice).person_id,
        "created_by_id": cast.planner_id, "due_at": None if priority is WorkOrderPriority.NONE else due.replace(microsecond=0),
        "created_at": at, **columns_of(course),
    }  # fmt: skip


def columns_of(course: Course) -> dict[str, Any]:
    """What the course left in the order's row."""
    facts = course.facts
    return {
        "status": facts.status, "window_start": facts.window.starts_at if facts.window else None,
        "window_end": facts.window.ends_at if facts.window else None, "started_at": facts.started_at,
        "completed_at": course.completed_at, "first_completed_at": facts.first_completed_at,
        "completed_by_id": facts.completed_by, "outcome": course.outcome, "resolution": course.resolution,
        "updated_at": course.changes[-1].at, "version": len(course.changes),
    }  # fmt: skip


def _assignee_rows(
    order_id: UUID, cast: Cast, crew: Crew, site_id: UUID, dice: random.Random
) -> list[dict[str, Any]]:
    if cast.lead_id is None:
        return []
    team = {cast.lead_id}
    if dice.random() < 0.2:
        team.add(_at_site(crew.workers, site_id, dice).person_id)
    return [{"work_order_id": order_id, "person_id": person_id} for person_id in sorted(team)]


def history_rows(order_id: UUID, course: Course) -> list[dict[str, Any]]:
    """The history as the service writes it."""
    return [
        {
            "id": new_id(change.at), "work_order_id": order_id, "sequence": sequence, "at": change.at,
            "actor_id": change.actor_id, "transition": change.transition, "from_status": change.came_from,
            "to_status": change.to, "reason": change.reason, "created_at": change.at, "updated_at": change.at,
        }
        for sequence, change in enumerate(course.changes, 1)
    ]  # fmt: skip
