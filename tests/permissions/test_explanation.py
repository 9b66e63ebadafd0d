"""Accounts of decisions: the chain of rules ends where the decision stands, and whoever may not know of a person's privacy learns nothing of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permissions.categories import PERSONAL, Category
from permissions.caveats import Caveats
from permissions.decisions import Decision, Facts, Reason, reach_of, vector_of
from permissions.disclosure import Level, Relation
from permissions.explanation import account
from permissions.looks import TELLING, Account, Effect, Look, Rule
from permissions.principals import Principal, Role, RoleGrant, Scope
from permissions.purposes import Purpose
from permissions.reach import Reach, Resource
from permissions.vectors import standings
from permissions.wording import CATEGORY_WORDS, LEVEL_WORDS, RELATION_WORDS, RESOURCE_WORDS, reached

NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
ME: Final = UUID(int=11)
LATER: Final = NOW + timedelta(days=1)


def person(*roles: Role, scopes: frozenset[Scope] | None = None, **kept: object) -> Principal:
    grants = tuple(RoleGrant(role, None, LATER) for role in roles)
    return replace(Principal(kind="PERSON", person_id=ME, grants=grants, scopes=scopes), **kept)  # type: ignore[arg-type]


def look(principal: Principal | None, category: Category = Category.CONTACT, **facts: object) -> Look:
    """At a person who is reached, unless said otherwise."""
    known = {"admitted": frozenset(range(9)), "consents": frozenset(Purpose), **facts}
    return Look(
        principal=principal,
        now=NOW,
        resource=Resource.PERSON,
        category=category,
        facts=Facts(**known),  # type: ignore[arg-type]
    )


def told(given: Account) -> list[tuple[str, str, str]]:
    return [(one.rule.value, one.effect.value, one.level.name) for one in given.steps]


looks = st.builds(
    Look,
    principal=st.from_type(Principal),
    now=st.just(NOW),
    resource=st.sampled_from(Resource),
    category=st.sampled_from(Category),
    facts=st.builds(
        Facts,
        admitted=st.frozensets(st.integers(0, 3)),
        relations=st.frozensets(st.sampled_from(Relation)),
        restricted=st.frozensets(st.sampled_from(Category)),
        erased=st.booleans(),
        evidence=st.booleans(),
        consents=st.frozensets(st.sampled_from(Purpose)),
    ),
    reached=st.booleans(),
)


@given(looks, st.booleans())
def test_the_last_rule_leaves_the_level_that_was_decided(given_look: Look, tells: bool) -> None:
    found = account(given_look, told=tells)

    last = found.steps[-1].level if found.steps else Level.HIDDEN
    assert last is given_look.decision.level
    assert found.decision == given_look.decision
    assert found.because != ""


@given(looks)
def test_every_effect_is_what_happened_to_the_level(given_look: Look) -> None:
    level = Level.HIDDEN
    for step in account(given_look, told=True).steps:
        turned = (
            Effect.RAISED if step.level > level else Effect.LOWERED if step.level < level else Effect.LEFT
        )
        assert step.effect is turned
        level = step.level


@given(
    looks,
    st.frozensets(st.sampled_from(Category)),
    st.booleans(),
    st.frozensets(st.sampled_from(Purpose)),
)
def test_who_may_not_know_gets_one_account_whatever_it_is_that_hides(
    given_look: Look, restricted: frozenset[Category], erased: bool, consents: frozenset[Purpose]
) -> None:
    """Two people who differ in restriction, erasure and consent alone, and of whom the same is decided."""
    facts = replace(given_look.facts, restricted=restricted, erased=erased, consents=consents)
    other = replace(given_look, facts=facts)

    if other.decision == given_look.decision:
        assert account(other, told=False) == account(given_look, told=False)


@given(looks)
def test_who_may_not_know_is_told_no_rule_of_privacy(given_look: Look) -> None:
    found = account(given_look, told=False)

    spoken = {one.rule for one in found.steps} | {one.rule for one in found.remedies}
    assert spoken & TELLING == set()


@given(looks, st.booleans())
def test_every_remedy_shows_more_and_is_named_once(given_look: Look, tells: bool) -> None:
    found = account(given_look, told=tells)

    single = [one for one in found.remedies if one.rule not in {*TELLING, Rule.PRIVACY, Rule.CREDENTIAL}]
    assert [one for one in single if one.level <= found.decision.level] == []
    assert len({(one.rule, one.by) for one in single}) == len(single)


def test_a_technician_and_the_phone_of_somebody_without_a_common_order() -> None:
    found = account(look(person(Role.TECHNICIAN)), told=False)

    assert found.decision == Decision(Level.HIDDEN, Reason.RELATION)
    assert told(found) == [
        ("ROLE", "LEFT", "HIDDEN"),
        ("RELATION", "LEFT", "HIDDEN"),
        ("RELATION", "LEFT", "HIDDEN"),
    ]
    assert found.because == (
        "A technician is shown e-mail addresses, phone numbers and postal addresses when the person requested, or is also "
        "assigned to, an open work order of the viewer's. That is not so. A technician is shown e-mail addresses, phone "
        "numbers and postal addresses when the person is in a team of the viewer's. That is not so."
    )
    assert [(one.rule.value, one.by, one.level.name) for one in found.remedies] == [
        ("RELATION", "SAME_OPEN_ORDER", "FULL"),
        ("RELATION", "SAME_TEAM", "FULL"),
        ("ROLE", "ADMIN", "FULL"),
        ("ROLE", "MANAGER", "FULL"),
        ("ROLE", "QUALITY_MANAGER", "MASKED"),
    ]


def test_the_same_on_a_common_open_order() -> None:
    found = account(
        look(person(Role.TECHNICIAN), relations=frozenset({Relation.SAME_OPEN_ORDER})), told=False
    )

    assert found.decision == Decision(Level.FULL)
    assert told(found)[1] == ("RELATION", "RAISED", "FULL")
    assert found.because.endswith("an open work order of the viewer's. That is so.")
    assert found.remedies == ()


def test_a_restriction_is_named_to_who_may_know_and_only_hinted_to_others() -> None:
    seen = look(person(Role.ADMIN), restricted=frozenset({Category.CONTACT}))

    knowing, others = account(seen, told=True), account(seen, told=False)

    assert told(knowing) == [("ROLE", "RAISED", "FULL"), ("RESTRICTION", "LOWERED", "HIDDEN")]
    assert [(one.rule.value, one.level.name) for one in knowing.remedies] == [("RESTRICTION", "FULL")]
    assert told(others) == [("ROLE", "RAISED", "FULL"), ("PRIVACY", "LOWERED", "HIDDEN")]
    assert [one.says for one in others.remedies] == [
        "Nothing that the viewer could be given: the person decides, or the law."
    ]


def test_who_oversees_privacy_keeps_the_role_under_a_restriction() -> None:
    seen = look(person(Role.ADMIN, Role.PRIVACY_OFFICER), Category.IDENTITY, restricted=PERSONAL)

    assert told(account(seen, told=True))[-2:] == [
        ("RESTRICTION", "LOWERED", "HIDDEN"),
        ("OVERSIGHT", "RAISED", "MASKED"),
    ]


def test_a_program_without_the_scope_and_for_another_purpose() -> None:
    grants = (RoleGrant(Role.PARTNER, None, LATER),)
    program = Principal(kind="CLIENT", grants=grants, scopes=frozenset({Scope.USERS_READ}))

    wanting = account(look(program), told=False)
    counting = account(look(replace(program, purpose=Purpose.ANALYTICS)), told=False)

    assert [(one.rule.value, one.by, one.level.name) for one in wanting.remedies] == [
        ("SCOPE", "pii:contact", "FULL")
    ]
    assert counting.decision.reason is Reason.PURPOSE
    assert counting.because == (
        "For the purpose ANALYTICS nobody reads e-mail addresses, phone numbers and postal addresses."
    )


def test_a_token_that_gave_up_the_category_and_one_whose_end_is_past() -> None:
    narrowed = person(
        Role.ADMIN, scopes=frozenset(Scope), caveats=Caveats(categories=frozenset({Category.IDENTITY}))
    )

    assert told(account(look(narrowed), told=False)) == [
        ("ROLE", "RAISED", "FULL"),
        ("CAVEAT", "LOWERED", "HIDDEN"),
    ]
    assert [one.rule for one in account(look(None), told=False).steps] == [Rule.CREDENTIAL]


def test_a_row_out_of_reach_and_a_role_that_has_ended() -> None:
    ended = replace(person(Role.MANAGER), grants=(RoleGrant(Role.MANAGER, frozenset(), NOW),))
    near = replace(person(Role.MANAGER), grants=(RoleGrant(Role.MANAGER, frozenset({UUID(int=1)})),))
    away = replace(look(near), facts=Facts(), reached=False)

    assert [one.rule for one in account(look(ended), told=False).steps] == [Rule.TIME]
    found = account(away, told=False)
    assert told(found) == [("REACH", "LEFT", "HIDDEN")]
    assert (found.remedies[0].rule, found.remedies[0].level) == (Rule.REACH, Level.FULL)


def test_everything_has_words() -> None:
    assert set(CATEGORY_WORDS) == set(Category)
    assert set(RELATION_WORDS) == set(Relation)
    assert set(RESOURCE_WORDS) == set(Resource)
    assert set(LEVEL_WORDS) == set(Level)
    assert len({reached(reach, Resource.PERSON) for reach in Reach}) == len(Reach)


@pytest.mark.parametrize("role", Role)
def test_a_grant_stands_in_the_slot_that_carries_it(role: Role) -> None:
    principal = person(role, Role.ADMIN)

    (own, _) = standings(principal, NOW)

    slots = {slot for slot, _ in reach_of(vector_of(principal, NOW), Resource.TOKEN)}
    assert own.live
    assert own.slot is None or own.slot in slots
