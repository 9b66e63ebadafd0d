"""What the demo is seeded with obeys the rules of the product: every history, every place, every value of the benchmark."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from isomod_graphql.cli.demo import benchmark
from isomod_graphql.cli.demo.companies import Company
from isomod_graphql.cli.demo.people import Member, members_of
from isomod_graphql.cli.demo.places import Premises, premises_of
from isomod_graphql.cli.demo.seeding import COMPANIES, ORDERS
from isomod_graphql.cli.demo.work import Work, work_of
from isomod_graphql.subjects.addresses import checked_email
from isomod_graphql.work_orders.rules import (
    ActorFacts,
    Effect,
    Outcome,
    Permitted,
    Transition,
    TransitionInput,
    Window,
    WorkOrderFacts,
    WorkOrderStatus,
    decide_transition,
)
from permissions.grants import PERSON_ROLES
from tests.conftest import START


def made(company: Company) -> tuple[Premises, list[Member], Work]:
    dice = random.Random(company.slug)  # noqa: S311  the same story every time
    premises = premises_of(company, START - timedelta(days=400), dice)
    members = members_of(company, premises.sites, START - timedelta(days=400))
    return premises, members, work_of(company, premises, members, ORDERS, START, dice)


def replayed(order: dict[str, Any], changes: list[dict[str, Any]]) -> WorkOrderFacts:
    """The facts after every step was asked of the rules again, with what the stored row says was given."""
    facts = WorkOrderFacts(WorkOrderStatus.DRAFT, has_assignee=order["assignee_id"] is not None)
    for change in changes[1:]:
        given = TransitionInput(
            reason=change["reason"],
            outcome=order["outcome"] or Outcome.RESOLVED,
            window=Window(change["at"], change["at"] + timedelta(hours=1)),
        )
        actor = ActorFacts(change["actor_id"], manages=True, assigned=True)
        decided = decide_transition(facts, Transition(change["transition"]), actor=actor, given=given)
        assert isinstance(decided, Permitted), decided
        assert (facts.status, decided.to) == (change["from_status"], change["to_status"])
        started = change["at"] if Effect.SET_STARTED_ONCE in decided.effects else facts.started_at
        first = (
            change["at"] if Effect.SET_FIRST_COMPLETED_ONCE in decided.effects else facts.first_completed_at
        )
        facts = replace(facts, status=decided.to, started_at=started, first_completed_at=first)
    return facts


@pytest.mark.parametrize("company", COMPANIES, ids=lambda company: company.slug)
def test_every_history_is_one_that_the_rules_permit(company: Company) -> None:
    _, _, work = made(company)

    for order in work.orders:
        changes = [change for change in work.history if change["work_order_id"] == order["id"]]
        facts = replayed(order, changes)
        moments = [change["at"] for change in changes]

        assert (facts.status, facts.started_at, facts.first_completed_at) == (
            order["status"], order["started_at"], order["first_completed_at"],
        )  # fmt: skip
        assert [change["sequence"] for change in changes] == list(range(1, len(changes) + 1))
        assert moments == sorted(moments)
        assert moments[0] == order["created_at"]
        assert moments[-1] < START


@pytest.mark.parametrize("company", COMPANIES, ids=lambda company: company.slug)
def test_orders_stand_in_every_state_and_are_numbered_as_they_were_written(company: Company) -> None:
    _, _, work = made(company)

    assert [order["number"] for order in work.orders] == list(range(1, ORDERS + 1))
    assert [order["created_at"] for order in work.orders] == sorted(o["created_at"] for o in work.orders)
    assert Counter(order["status"] for order in work.orders) == {
        "DRAFT": 12, "OPEN": 36, "SCHEDULED": 30, "IN_PROGRESS": 24, "ON_HOLD": 15, "COMPLETED": 33, "CLOSED": 132,
        "CANCELLED": 18,
    }  # fmt: skip
    leads = {(order["id"], order["assignee_id"]) for order in work.orders if order["assignee_id"]}
    assert leads <= {(on["work_order_id"], on["person_id"]) for on in work.assignees}


@pytest.mark.parametrize("company", COMPANIES, ids=lambda company: company.slug)
def test_an_organisation_has_25_people_of_every_role_and_work_for_every_kind_of_machine(
    company: Company,
) -> None:
    premises, members, _ = made(company)

    assert len(members) == 25
    assert {member.role for member in members} == PERSON_ROLES | {None}
    assert len({checked_email(member.email) for member in members}) == 25
    assert len({member.values["phone"] for member in members}) == 25
    assert {kind for _, kind in premises.kinds} <= set(company.jobs)
    assert len({asset["tag"] for asset in premises.assets}) == len(premises.assets)
    assert {asset["location_id"] for asset in premises.assets} <= {
        place["id"] for place in premises.locations
    }


def test_the_benchmark_has_the_values_of_its_data_set() -> None:
    people = benchmark.members()
    assets = list(benchmark.asset_rows())

    assert (people[41].values, people[41].role) == (
        {"name": "Person Name 42", "email": "person42@example.com", "job_title": "Technician 0", "phone": "+32471000042"},
        None,
    )  # fmt: skip
    assert (assets[0]["name"], assets[0]["serial_number"], assets[0]["model"]) == (
        "Pump 1", "SN-c4ca4238a0b923820dcc509a6f75849b", "CR 1",
    )  # fmt: skip
    assert assets[49]["location_id"] == benchmark.location_id(1)
    assert benchmark.numbers_of(50_000) == (1, 1, 1)
    assert benchmark.numbers_of(4_711) == (
        1 + 4_711 * 7 % 5_000,
        1 + 4_711 * 13 % 1_000,
        1 + 4_711 * 17 % 1_000,
    )
    ids = [benchmark.asset_id(number) for number in range(1, 5_001)]
    assert ids == sorted(ids)
