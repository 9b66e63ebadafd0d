"""Whoever looks as another member is shown what both may see, changes nothing, and never looks over who oversees privacy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permissions.categories import PERSONAL, PERSONAL_ORDER, Category
from permissions.decisions import (
    Allowed,
    DenialReason,
    Denied,
    Facts,
    Reason,
    decide,
    may,
    may_view,
    vector_of,
)
from permissions.disclosure import Level, Relation
from permissions.grants import PUBLIC_ACTIONS, VIEWED_ACTIONS, Action
from permissions.principals import TIME_BOXED, Assurance, Principal, Role, RoleGrant, Scope
from permissions.purposes import Purpose
from permissions.reach import Reach, Resource
from permissions.vectors import POWERLESS
from tests.permissions.test_laws import Row, principals, rows

NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
ACTOR, MEMBER = UUID(int=11), UUID(int=12)


def person(who: UUID, *roles: Role, sites: frozenset[UUID] | None = None) -> Principal:
    """Signed in, freshly proven."""
    grants = (
        RoleGrant(role, sites, NOW + timedelta(days=1) if role in TIME_BOXED else None) for role in roles
    )
    return Principal(
        kind="PERSON", person_id=who, grants=tuple(grants), assurance=Assurance.STEPPED_UP,
        stepped_up_until=NOW + timedelta(minutes=5),
    )  # fmt: skip


ADMIN: Final = person(ACTOR, Role.ADMIN)


def seen_by_admin(*roles: Role) -> Principal:
    """A member with these roles, as an administrator sees the product through him or her."""
    return replace(person(MEMBER, *roles), viewed_by=ADMIN)


def level(principal: Principal, category: Category, row: Row) -> Level:
    return decide(vector_of(principal, NOW), category, row.facts(principal)).level


@given(principals, principals, rows, st.sampled_from(sorted(PERSONAL)))
def test_never_more_is_shown_than_either_may_see(
    member: Principal, actor: Principal, row: Row, category: Category
) -> None:
    viewed = replace(member, viewed_by=actor)
    # What ties the member to the row does not tie the actor.
    untied = replace(row, relations=frozenset[Relation](), assigned=False)
    held = row.resource in vector_of(viewed, NOW).held and Relation.SELF in row.relations

    if row.facts(viewed).admitted or held:
        assert level(viewed, category, row) <= level(member, category, row)
        assert level(viewed, category, row) <= level(actor, category, untied)


@given(principals, principals, rows)
def test_never_a_row_is_reached_that_either_does_not_reach(
    member: Principal, actor: Principal, row: Row
) -> None:
    viewed = replace(member, viewed_by=actor)
    untied = replace(row, relations=frozenset[Relation](), assigned=False)

    assert row.facts(viewed).admitted <= row.facts(member).admitted
    if row.facts(viewed).admitted:
        assert untied.facts(actor).admitted
    assert vector_of(viewed, NOW).held <= vector_of(member, NOW).held


@given(principals, principals, st.sampled_from(Action))
def test_nothing_can_be_done(member: Principal, actor: Principal, action: Action) -> None:
    viewed = replace(member, viewed_by=actor)

    allowed = bool(may(viewed, action, now=NOW, subject_id=member.person_id))

    assert not allowed or action in VIEWED_ACTIONS
    assert (
        not allowed
        or action in PUBLIC_ACTIONS
        or (may(member, action, now=NOW) and may(actor, action, now=NOW))
    )


def test_what_is_looked_at_changes_no_row() -> None:
    assert {action.value for action in VIEWED_ACTIONS - PUBLIC_ACTIONS} == {
        "VIEWER_READ", "USER_READ", "LOCATION_READ", "ASSET_READ", "WORK_ORDER_READ", "CLIENT_READ",
    }  # fmt: skip


@pytest.mark.parametrize("role", [Role.MANAGER, Role.TECHNICIAN, Role.REQUESTER, Role.VIEWER])
def test_a_member_of_whom_no_tie_is_asked_is_seen_as_he_sees_but_for_what_the_actor_may_not(
    role: Role,
) -> None:
    row = Facts(frozenset({0}), consents=frozenset(Purpose))
    hidden = {Category.POSITION, Category.DEVICE, Category.COMMUNICATION}

    for category in PERSONAL_ORDER:
        own = decide(vector_of(person(MEMBER, role), NOW), category, row)
        viewed = decide(vector_of(seen_by_admin(role), NOW), category, row)
        assert viewed.level is (Level.HIDDEN if category in hidden else own.level)


def test_the_members_own_data_is_seen_and_what_he_had_restricted_is_not() -> None:
    vector, own = vector_of(seen_by_admin(Role.VIEWER), NOW), frozenset({Relation.SELF})
    restricted = Facts(frozenset({0}), own, frozenset({Category.CONTACT}))

    assert decide(vector, Category.CONTACT, Facts(frozenset({0}), own)).level is Level.FULL
    assert decide(vector, Category.DEVICE, Facts(frozenset({0}), own)).level is Level.HIDDEN
    assert decide(vector, Category.CONTACT, restricted).level is Level.HIDDEN
    assert decide(vector, Category.CONTACT, restricted).reason is Reason.PRIVACY


def test_nothing_is_kept_through_a_restriction_or_an_erasure() -> None:
    viewed = vector_of(seen_by_admin(Role.PRIVACY_OFFICER, Role.AUDITOR), NOW)
    restricted = Facts(frozenset({0, 1}), restricted=frozenset({Category.IDENTITY}))
    evidence = Facts(frozenset({0, 1}), erased=True, evidence=True)

    assert decide(viewed, Category.IDENTITY, restricted).level is Level.HIDDEN
    assert decide(viewed, Category.IDENTITY, evidence).level is Level.HIDDEN


def test_who_was_shown_whose_data_is_not_reached_through_anybody() -> None:
    viewed = vector_of(seen_by_admin(Role.PRIVACY_OFFICER), NOW)

    assert viewed.held == frozenset({Resource.PERSON})
    assert {tier.reach(Resource.ACCESS_RECORD) for tier in viewed.tiers} == {Reach.NONE}


@pytest.mark.parametrize(
    "actor",
    [
        person(ACTOR),
        person(ACTOR, Role.TECHNICIAN),
        person(ACTOR, Role.ADMIN, sites=frozenset({UUID(int=1)})),
        replace(ADMIN, purpose=Purpose.COMPLIANCE),
    ],
)
def test_who_does_not_reach_everything_sees_nothing_through_another(actor: Principal) -> None:
    assert vector_of(replace(person(MEMBER, Role.ADMIN), viewed_by=actor), NOW) == POWERLESS


def test_a_look_has_a_vector_of_its_own_also_where_both_have_the_same_rights() -> None:
    admins = vector_of(seen_by_admin(Role.ADMIN), NOW)

    assert admins != vector_of(person(MEMBER, Role.ADMIN), NOW)
    assert (admins.viewed, vector_of(person(MEMBER, Role.ADMIN), NOW).viewed) == (True, False)


@pytest.mark.parametrize(
    ("actor", "target", "roles", "verdict"),
    [
        (ADMIN, MEMBER, (Role.TECHNICIAN,), Allowed()),
        (ADMIN, MEMBER, (Role.ADMIN,), Allowed()),
        (ADMIN, ACTOR, (Role.ADMIN,), Denied(DenialReason.SELF_GRANT)),
        (ADMIN, MEMBER, (Role.VIEWER, Role.PRIVACY_OFFICER), Denied(DenialReason.OVERSEER)),
        (replace(ADMIN, stepped_up_until=NOW), MEMBER, (Role.VIEWER,), Denied(DenialReason.STEP_UP)),
        (replace(ADMIN, scopes=frozenset(Scope)), MEMBER, (Role.VIEWER,), Denied(DenialReason.SCOPE)),
        (seen_by_admin(Role.ADMIN), UUID(int=13), (Role.VIEWER,), Denied(DenialReason.ROLE)),
        (person(ACTOR, Role.ADMIN, sites=frozenset({UUID(int=1)})), MEMBER, (), Denied(DenialReason.SITES)),
        (person(ACTOR, Role.PRIVACY_OFFICER), MEMBER, (Role.VIEWER,), Denied(DenialReason.ROLE)),
        (person(ACTOR, Role.MANAGER), MEMBER, (Role.VIEWER,), Denied(DenialReason.ROLE)),
    ],
)
def test_who_may_look_as_whom(
    actor: Principal, target: UUID, roles: tuple[Role, ...], verdict: Allowed | Denied
) -> None:
    assert may_view(actor, target, person(target, *roles).grants, NOW) == verdict


def test_nobody_looks_through_a_look_or_into_another_organisation() -> None:
    with pytest.raises(ValueError, match="through nobody else"):
        replace(person(UUID(int=13)), viewed_by=seen_by_admin(Role.ADMIN))
    with pytest.raises(ValueError, match="same organisation"):
        replace(person(MEMBER), tenant_id=UUID(int=1), viewed_by=ADMIN)


def test_whoever_looks_answers_for_it() -> None:
    assert seen_by_admin(Role.VIEWER).acting is ADMIN
    assert ADMIN.acting is ADMIN
