"""Handing a credential to a program, decided from values alone; what is asked for lies within what there is, or is refused."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permissions.categories import Category
from permissions.caveats import Caveats, is_narrower, is_within, narrow
from permissions.decisions import Allowed, DenialReason, Denied
from permissions.grants import CLIENT_SCOPES, NAMED_SCOPES
from permissions.principals import Principal, Role, RoleGrant, Scope
from permissions.registration import may_register
from tests.permissions.test_decisions import GHENT, LATER, NOW, client, person, stepped_up

READ = frozenset({Scope.WORK_ORDERS_READ})
END = Caveats(not_after=LATER)
caveats = st.from_type(Caveats)


def at(site: UUID) -> Principal:
    """An administrator of one site, just proven."""
    return replace(stepped_up(person(Role.ADMIN)), grants=(RoleGrant(Role.ADMIN, frozenset({site})),))


@given(caveats, caveats)
def test_what_is_asked_within_the_parent_leaves_the_parent_where_it_says_nothing(
    asked: Caveats, parent: Caveats
) -> None:
    granted = narrow(parent, asked)

    assert is_narrower(granted, parent)
    if is_within(asked, parent):
        assert asked.sites is None or granted.sites == asked.sites
        assert asked.categories is None or granted.categories == asked.categories
        assert asked.not_after is None or granted.not_after == asked.not_after
        assert not asked.networks or granted.networks == narrow(asked, asked).networks


@given(caveats)
def test_everything_lies_within_no_restriction_and_nothing_at_all_within_any(parent: Caveats) -> None:
    assert is_within(parent, Caveats())
    assert is_within(Caveats(), parent)
    assert is_within(parent, parent)


def test_an_administrator_registers_after_a_fresh_proof_on_the_own_sites() -> None:
    admin, local = stepped_up(person(Role.ADMIN)), at(GHENT)
    at_ghent = replace(END, sites=frozenset({GHENT}))

    assert may_register(admin, READ, END, NOW) == Allowed()
    assert may_register(person(Role.ADMIN), READ, END, NOW) == Denied(DenialReason.STEP_UP)
    assert may_register(local, READ, END, NOW) == Denied(DenialReason.SITES)
    assert may_register(local, READ, at_ghent, NOW) == Allowed()


def test_a_program_does_not_outlive_the_administration_of_its_registrar() -> None:
    admin = stepped_up(person(Role.ADMIN))
    until = replace(admin, grants=(RoleGrant(Role.ADMIN, None, NOW + timedelta(minutes=5)),))
    both = replace(admin, grants=(*until.grants, RoleGrant(Role.ADMIN, frozenset({GHENT}))))

    assert may_register(until, READ, END, NOW) == Denied(DenialReason.TIME_BOX)
    assert may_register(until, READ, Caveats(not_after=NOW + timedelta(minutes=5)), NOW) == Allowed()
    assert may_register(both, READ, END, NOW) == Denied(DenialReason.TIME_BOX)
    assert may_register(both, READ, replace(END, sites=frozenset({GHENT})), NOW) == Allowed()


def test_a_credential_for_some_categories_registers_for_no_others() -> None:
    named = replace(
        stepped_up(person(Role.ADMIN)), caveats=Caveats(categories=frozenset({Category.IDENTITY}))
    )
    identity = replace(END, categories=frozenset({Category.IDENTITY}))
    contact = replace(END, categories=frozenset({Category.CONTACT}))

    assert may_register(named, READ, END, NOW) == Denied(DenialReason.WIDER)
    assert may_register(named, READ, contact, NOW) == Denied(DenialReason.WIDER)
    assert may_register(named, READ, identity, NOW) == Allowed()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMIN}))
def test_nobody_else_registers(role: Role) -> None:
    verdict = may_register(stepped_up(person(role)), READ, END, NOW)

    assert not verdict


def test_a_program_registers_no_program() -> None:
    assert may_register(client(*Scope), READ, END, NOW) == Denied(DenialReason.ROLE)


def test_a_token_registers_nothing_wider_than_itself() -> None:
    scopes = READ | {Scope.ADMIN, Scope.PRIVACY_EXECUTE}
    token = replace(person(Role.ADMIN), scopes=scopes, caveats=END)

    def verdict(principal: Principal, wanted: frozenset[Scope], bound: Caveats) -> object:
        return may_register(principal, wanted, bound, NOW)

    assert verdict(token, READ, END) == Allowed()
    assert verdict(token, frozenset({Scope.ASSETS_READ}), END) == Denied(DenialReason.WIDER)
    assert verdict(token, READ, Caveats(not_after=LATER + timedelta(seconds=1))) == Denied(DenialReason.WIDER)
    assert verdict(token, READ, Caveats()) == Denied(DenialReason.WIDER)
    assert verdict(token, frozenset({Scope.ADMIN}), END) == Denied(DenialReason.WIDER)
    assert verdict(replace(token, scopes=READ), READ, END) == Denied(DenialReason.SCOPE)


def test_programs_have_no_scope_for_people_and_personal_data_only_by_name() -> None:
    assert frozenset(Scope) - CLIENT_SCOPES == {Scope.ADMIN, Scope.PRIVACY_EXECUTE}
    assert {Scope.PII_IDENTITY, Scope.PII_CONTACT, Scope.PII_TIME} == NAMED_SCOPES
