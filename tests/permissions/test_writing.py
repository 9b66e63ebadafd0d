"""Who may write what, from the tables alone: a personal value is written by who may change the row and read the value raw."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest

from permissions.categories import Category
from permissions.caveats import Caveats
from permissions.decisions import POWERLESS, Vector, vector_of
from permissions.grants import Action
from permissions.principals import TIME_BOXED, Assurance, Principal, Role, RoleGrant, Scope
from permissions.purposes import Purpose
from permissions.reach import Resource
from permissions.writing import may_act, may_add, may_overwrite, may_reach

NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
ME, GHENT = UUID(int=11), UUID(int=1)
A, C, R = Action, Category, Resource


def person(*roles: Role, scopes: frozenset[Scope] | None = None) -> Principal:
    ends = NOW + timedelta(days=1)
    grants = tuple(RoleGrant(role, None, ends if role in TIME_BOXED else None) for role in roles)
    return Principal(kind="PERSON", person_id=ME, grants=grants, scopes=scopes, assurance=Assurance.SESSION)


def powers(*roles: Role, scopes: frozenset[Scope] | None = None) -> Vector:
    return vector_of(person(*roles, scopes=scopes), NOW)


def partner(*scopes: Scope, purpose: Purpose = Purpose.SERVICE) -> Vector:
    grants = (RoleGrant(Role.PARTNER, None),)
    principal = Principal(kind="CLIENT", grants=grants, scopes=frozenset(scopes), purpose=purpose)
    return vector_of(principal, NOW)


ALL_BUT_CONTACT: Final = frozenset(Scope) - {Scope.PII_CONTACT}


@pytest.mark.parametrize(
    ("vector", "category", "allowed"),
    [
        (powers(Role.ADMIN), C.CONTACT, True),
        (powers(Role.ADMIN, scopes=ALL_BUT_CONTACT), C.CONTACT, False),
        (powers(Role.ADMIN, scopes=ALL_BUT_CONTACT), C.IDENTITY, True),
        (powers(Role.PRIVACY_OFFICER), C.CONTACT, True),
        (powers(Role.TECHNICIAN), C.CONTACT, True),
        (powers(Role.TECHNICIAN, scopes=ALL_BUT_CONTACT), C.CONTACT, False),
        (powers(Role.TECHNICIAN, scopes=frozenset({Scope.USERS_READ})), C.IDENTITY, False),
        (partner(*Scope), C.CONTACT, False),
        (POWERLESS, C.IDENTITY, False),
    ],
)
def test_a_value_of_a_person_is_corrected_by_who_reads_it_raw_and_by_who_oversees_privacy(
    vector: Vector, category: Category, *, allowed: bool
) -> None:
    """A technician corrects his or her own; whose it is, the procedure asks."""
    assert may_overwrite(vector, category, A.PERSON_RECTIFY, R.PERSON) is allowed


@pytest.mark.parametrize(
    ("vector", "action", "allowed"),
    [
        (powers(Role.MANAGER), A.WORK_ORDER_UPDATE, True),
        (powers(Role.TECHNICIAN), A.WORK_ORDER_WORK, True),
        (powers(Role.TECHNICIAN), A.WORK_ORDER_UPDATE, False),
        (powers(Role.MANAGER, scopes=frozenset(Scope)), A.ASSET_CREATE, True),
        (partner(Scope.WORK_ORDERS_WRITE), A.WORK_ORDER_CREATE, False),
        (partner(*Scope, purpose=Purpose.ANALYTICS), A.WORK_ORDER_CREATE, False),
        (POWERLESS, A.WORK_ORDER_UPDATE, False),
    ],
)
def test_text_is_written_by_who_acts_on_the_row_and_reads_such_text(
    vector: Vector, action: Action, *, allowed: bool
) -> None:
    resource = R.ASSET if action is A.ASSET_CREATE else R.WORK_ORDER

    assert may_add(vector, C.NOTES, action, resource) is allowed


def test_a_credential_that_gave_up_a_category_does_not_write_it() -> None:
    narrowed = replace(
        person(Role.MANAGER, scopes=frozenset(Scope)),
        caveats=Caveats(categories=frozenset({C.IDENTITY})),
    )

    assert may_add(vector_of(narrowed, NOW), C.NOTES, A.WORK_ORDER_UPDATE, R.WORK_ORDER) is False


def test_a_new_value_is_read_raw_through_every_grant_that_carries_the_action() -> None:
    """One grant that shows the text does not speak for the rows of another that does not."""
    vector = powers(Role.MANAGER)
    (tier,) = vector.tiers
    blind = replace(
        tier, slot=1, cells=tuple(replace(cell, base=type(cell.base)(0), raised=()) for cell in tier.cells)
    )
    both = replace(vector, tiers=(tier, blind), self_rights=False)

    assert may_add(vector, C.NOTES, A.ASSET_UPDATE, R.ASSET) is True
    assert may_add(both, C.NOTES, A.ASSET_UPDATE, R.ASSET) is False


@pytest.mark.parametrize(
    ("vector", "resource", "reached"),
    [
        (powers(Role.PRIVACY_OFFICER), R.WORK_ORDER, False),
        (powers(Role.PRIVACY_OFFICER), R.PERSON, True),
        (powers(), R.PERSON, True),
        (powers(), R.LOCATION, False),
        (powers(Role.REQUESTER), R.WORK_ORDER, True),
        (partner(Scope.ASSETS_READ), R.PERSON, False),
        (partner(Scope.ASSETS_READ), R.ASSET, True),
        (POWERLESS, R.PERSON, False),
    ],
)
def test_a_kind_of_row_is_reached_where_a_row_of_it_can_be(
    vector: Vector, resource: Resource, *, reached: bool
) -> None:
    assert may_reach(vector, resource) is reached


def test_an_act_on_rows_needs_rows_and_a_way_in_needs_nothing() -> None:
    people_only = powers(Role.ADMIN, scopes=frozenset({Scope.USERS_WRITE}))

    assert may_act(people_only, A.USER_INVITE, R.PERSON) is True
    assert may_act(people_only, A.ASSET_UPDATE, R.ASSET) is False
    assert may_act(POWERLESS, A.SIGN_IN) is True
    assert may_act(POWERLESS, A.SESSION_MANAGE) is False
    assert may_act(powers(), A.PERSON_ERASE, R.PERSON) is True
