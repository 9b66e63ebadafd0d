"""Decisions by example: who sees what of whom, with which reason, and which actions are refused and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest

from permissions.categories import PERSONAL, Category
from permissions.caveats import Caveats
from permissions.decisions import (
    Allowed,
    Decision,
    DenialReason,
    Denied,
    Facts,
    Reason,
    Verdict,
    decide,
    may,
    may_grant,
    may_issue,
    reach_of,
    relations_of,
    site_slots,
    unconditional_full,
    vector_of,
)
from permissions.disclosure import Form, Level, Relation
from permissions.grants import Action
from permissions.principals import NOBODY, Assurance, Principal, Role, RoleGrant, Scope
from permissions.purposes import Purpose
from permissions.reach import Reach, Resource

NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER: Final = NOW + timedelta(minutes=10)
ME, YOU = UUID(int=11), UUID(int=12)
GHENT, LIEGE = UUID(int=1), UUID(int=2)
HERE: Final = Facts(admitted=frozenset({0}))
AGREED: Final = Facts(admitted=frozenset({0}), consents=frozenset({Purpose.NOTIFY}))


def person(*roles: Role, scopes: frozenset[Scope] | None = None) -> Principal:
    grants = tuple(RoleGrant(role, None, LATER) for role in roles)
    return Principal(kind="PERSON", person_id=ME, grants=grants, scopes=scopes, assurance=Assurance.SESSION)


def client(*scopes: Scope) -> Principal:
    return Principal(kind="CLIENT", grants=(RoleGrant(Role.PARTNER, None),), scopes=frozenset(scopes))


def stepped_up(principal: Principal) -> Principal:
    return replace(principal, assurance=Assurance.STEPPED_UP, stepped_up_until=LATER)


def shown(principal: Principal, category: Category, facts: Facts = HERE) -> Decision:
    return decide(vector_of(principal, NOW), category, facts)


def tied(*relations: Relation, restricted: frozenset[Category] = frozenset(), erased: bool = False) -> Facts:
    return Facts(frozenset({0}), frozenset(relations), restricted, erased)


def test_a_technician_sees_the_phone_of_a_requester_while_the_order_is_open() -> None:
    technician = person(Role.TECHNICIAN)

    assert shown(technician, Category.CONTACT) == Decision(Level.HIDDEN, Reason.RELATION)
    assert shown(technician, Category.CONTACT, tied(Relation.SAME_OPEN_ORDER)) == Decision(Level.FULL)
    assert shown(technician, Category.PAY) == Decision(Level.HIDDEN, Reason.ROLE)


def test_the_subject_sees_everything_even_under_restriction() -> None:
    facts = Facts(relations=frozenset({Relation.SELF}), restricted=PERSONAL)

    assert {shown(person(), category, facts) for category in PERSONAL} == {Decision(Level.FULL)}


def test_a_restricted_person_is_visible_to_the_privacy_officer_and_to_no_other_role() -> None:
    facts = tied(Relation.REQUEST_SUBJECT, restricted=PERSONAL)
    levels = {role: shown(person(role), Category.IDENTITY, facts) for role in Role}

    assert levels.pop(Role.PRIVACY_OFFICER) == Decision(Level.FULL)
    assert {decision.level for decision in levels.values()} == {Level.HIDDEN}


def test_restriction_is_not_told_to_those_who_would_have_seen_nothing_anyway() -> None:
    facts = tied(restricted=PERSONAL)

    assert shown(person(Role.VIEWER), Category.CONTACT, facts) == Decision(Level.HIDDEN, Reason.ROLE)
    assert shown(person(Role.VIEWER), Category.IDENTITY, facts) == Decision(Level.HIDDEN, Reason.PRIVACY)


def test_an_administrator_who_is_also_privacy_officer_keeps_only_the_second_under_restriction() -> None:
    both = person(Role.ADMIN, Role.PRIVACY_OFFICER)
    free, restricted = Facts(frozenset({0, 1})), Facts(frozenset({0, 1}), restricted=PERSONAL)

    assert shown(both, Category.IDENTITY, free) == Decision(Level.FULL)
    assert shown(both, Category.IDENTITY, restricted) == Decision(Level.MASKED, Reason.PRIVACY)


def test_an_erased_person_keeps_nothing_and_the_record_stays() -> None:
    facts = tied(Relation.SELF, erased=True)

    assert shown(person(Role.ADMIN), Category.IDENTITY, facts) == Decision(Level.HIDDEN, Reason.PRIVACY)
    assert shown(person(Role.ADMIN), Category.OPERATIONAL, facts) == Decision(Level.FULL)


def test_the_auditor_alone_reads_who_signed_a_record_once_the_signer_is_erased() -> None:
    facts = Facts(frozenset({0}), erased=True, evidence=True)
    levels = {role: shown(person(role), Category.IDENTITY, facts) for role in Role}

    assert levels.pop(Role.AUDITOR) == Decision(Level.FULL)
    assert {decision.level for decision in levels.values()} == {Level.HIDDEN}
    both = replace(facts, admitted=frozenset({0, 1}))
    assert shown(person(Role.ADMIN, Role.AUDITOR), Category.IDENTITY, both) == Decision(Level.FULL)
    assert (
        shown(person(Role.AUDITOR), Category.IDENTITY, replace(facts, evidence=False)).level is Level.HIDDEN
    )
    assert shown(person(Role.AUDITOR), Category.CONTACT, facts) == Decision(Level.HIDDEN, Reason.ROLE)


def test_a_signed_record_outlives_an_erasure_and_no_restriction() -> None:
    facts = Facts(frozenset({0}), restricted=PERSONAL, evidence=True)

    assert shown(person(Role.AUDITOR), Category.IDENTITY, facts) == Decision(Level.HIDDEN, Reason.PRIVACY)


def test_work_data_follows_its_row() -> None:
    nowhere = Facts()

    assert shown(person(Role.VIEWER), Category.EQUIPMENT) == Decision(Level.FULL)
    assert shown(person(Role.VIEWER), Category.EQUIPMENT, nowhere) == Decision(Level.HIDDEN, Reason.ROLE)
    assert (
        shown(person(), Category.OPERATIONAL, Facts(relations=frozenset({Relation.OWN}))).level is Level.FULL
    )


def test_a_purpose_binds_the_subject_too() -> None:
    notifying = replace(person(Role.ADMIN), purpose=Purpose.NOTIFY)

    assert shown(notifying, Category.NOTES, tied(Relation.SELF)) == Decision(Level.HIDDEN, Reason.PURPOSE)
    assert shown(notifying, Category.CONTACT, AGREED) == Decision(Level.FULL)


def test_what_rests_on_consent_is_shown_for_that_purpose_while_the_person_agrees() -> None:
    notifying = replace(person(Role.ADMIN), purpose=Purpose.NOTIFY)
    mine = tied(Relation.SELF)

    assert shown(notifying, Category.CONTACT) == Decision(Level.HIDDEN, Reason.PRIVACY)
    assert shown(notifying, Category.CONTACT, AGREED) == Decision(Level.FULL)
    assert shown(notifying, Category.CONTACT, replace(AGREED, restricted=PERSONAL)).level is Level.HIDDEN
    assert shown(notifying, Category.CONTACT, mine) == Decision(Level.FULL)
    assert shown(notifying, Category.IDENTITY) == Decision(Level.FULL)
    assert shown(person(Role.ADMIN), Category.CONTACT) == Decision(Level.FULL)
    assert not unconditional_full(vector_of(notifying, NOW), Category.CONTACT)


def test_where_somebody_is_follows_the_consent_to_the_service() -> None:
    boss, agreed = person(Role.MANAGER), replace(HERE, consents=frozenset({Purpose.SERVICE}))

    assert shown(boss, Category.POSITION) == Decision(Level.HIDDEN, Reason.PRIVACY)
    assert shown(boss, Category.POSITION, agreed) == Decision(Level.MASKED, Reason.ROLE, Form.AREA)
    assert shown(person(Role.VIEWER), Category.POSITION) == Decision(Level.HIDDEN, Reason.ROLE)


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - {Purpose.NOTIFY}))
def test_consent_to_another_purpose_is_no_consent(purpose: Purpose) -> None:
    notifying = replace(person(Role.ADMIN), purpose=Purpose.NOTIFY)

    assert (
        shown(notifying, Category.CONTACT, replace(HERE, consents=frozenset({purpose}))).level is Level.HIDDEN
    )


def test_a_partner_sees_pseudonyms_until_its_scope_names_people() -> None:
    plain, named = client(Scope.WORK_ORDERS_READ), client(Scope.WORK_ORDERS_READ, Scope.PII_IDENTITY)

    assert shown(plain, Category.IDENTITY) == Decision(Level.MASKED, Reason.SCOPE, Form.PSEUDONYM)
    assert shown(named, Category.IDENTITY) == Decision(Level.FULL)


def test_a_partner_is_told_that_a_scope_is_missing_where_one_would_show_more() -> None:
    plain = client(Scope.WORK_ORDERS_READ)

    assert shown(plain, Category.CONTACT) == Decision(Level.HIDDEN, Reason.SCOPE)
    assert shown(plain, Category.TIME) == Decision(Level.HIDDEN, Reason.SCOPE)
    assert shown(plain, Category.CONTACT, Facts()) == Decision(Level.HIDDEN, Reason.ROLE)
    assert {shown(client(*Scope), one).reason for one in PERSONAL} == {None, Reason.ROLE}
    assert {one for one in PERSONAL if shown(client(*Scope), one).reason is None} == {
        Category.IDENTITY,
        Category.CONTACT,
        Category.TIME,
    }


def test_a_partner_role_in_a_session_is_not_told_of_scopes_which_a_session_has_none_of() -> None:
    assert shown(person(Role.PARTNER), Category.CONTACT) == Decision(Level.HIDDEN, Reason.ROLE)


def test_what_only_a_session_does_no_token_does_and_a_full_one_still_gives_roles() -> None:
    session = stepped_up(person(Role.ADMIN))
    token = replace(session, scopes=frozenset(Scope), assurance=Assurance.TOKEN)

    assert may(session, Action.SESSION_MANAGE, now=NOW) == Allowed()
    assert may(token, Action.SESSION_MANAGE, now=NOW) == Denied(DenialReason.SCOPE)
    assert (
        may_grant(replace(token, grants=(RoleGrant(Role.ADMIN, None),)), Role.VIEWER, YOU, NOW) == Allowed()
    )


@pytest.mark.parametrize("category", sorted(PERSONAL - {Category.IDENTITY, Category.CONTACT, Category.TIME}))
def test_a_client_with_every_scope_and_the_widest_role_still_gets_no_position_or_pay(
    category: Category,
) -> None:
    widest = replace(client(*Scope), grants=(RoleGrant(Role.ADMIN, None),))

    assert shown(widest, category, tied(*Relation)).level is Level.HIDDEN


def test_a_person_s_token_without_personal_scopes_is_masked_for_its_scope() -> None:
    token = person(Role.ADMIN, scopes=frozenset({Scope.USERS_READ}))

    assert shown(token, Category.IDENTITY) == Decision(Level.MASKED, Reason.SCOPE)
    assert shown(token, Category.CONTACT) == Decision(Level.HIDDEN, Reason.SCOPE)
    assert shown(token, Category.TIME) == Decision(Level.HIDDEN, Reason.SCOPE)
    assert shown(token, Category.NOTES) == Decision(Level.FULL)


def test_support_sees_a_person_only_while_the_tenant_opened_that_person() -> None:
    support = Principal(kind="SUPPORT", grants=(RoleGrant(Role.SUPPORT, None, LATER),))
    opened = Facts(relations=frozenset({Relation.SUPPORT_GRANT}))

    assert shown(support, Category.CONTACT, Facts()) == Decision(Level.HIDDEN, Reason.RELATION)
    assert shown(support, Category.CONTACT, opened) == Decision(Level.FULL)
    assert shown(support, Category.TIME, opened) == Decision(Level.HIDDEN, Reason.ROLE)


def test_a_time_boxed_role_without_an_end_and_an_expired_one_grant_nothing() -> None:
    endless = replace(person(), grants=(RoleGrant(Role.AUDITOR, None),))
    expired = replace(person(), grants=(RoleGrant(Role.ADMIN, None, NOW),))

    assert vector_of(endless, NOW) == vector_of(expired, NOW) == vector_of(person(), NOW)


def test_an_ended_credential_is_nobody() -> None:
    ended = replace(person(Role.ADMIN), caveats=Caveats(not_after=NOW))

    assert vector_of(ended, NOW) == vector_of(NOBODY, NOW)
    assert site_slots(ended, NOW) == ()
    assert may(ended, Action.USER_READ, now=NOW) == Denied(DenialReason.NOBODY)


def test_equal_powers_give_equal_vectors_whatever_the_names() -> None:
    one = replace(person(), grants=(RoleGrant(Role.MANAGER, frozenset({GHENT})),))
    two = replace(
        person(),
        tenant_id=YOU,
        grants=(RoleGrant(Role.MANAGER, frozenset({GHENT})), RoleGrant(Role.MANAGER, frozenset({LIEGE}))),
    )

    assert vector_of(one, NOW) == vector_of(two, NOW)
    assert site_slots(two, NOW) == (frozenset({GHENT, LIEGE}),)
    assert vector_of(person(Role.ADMIN, Role.VIEWER), NOW) == vector_of(person(Role.ADMIN), NOW)


def test_a_grant_on_sites_reaches_sites_and_one_without_reaches_all() -> None:
    bound = replace(person(), grants=(RoleGrant(Role.AUDITOR, frozenset({GHENT}), LATER),))

    assert reach_of(vector_of(bound, NOW), Resource.ASSET) == ((0, Reach.SITES),)
    assert reach_of(vector_of(bound, NOW), Resource.PERSON) == ((0, Reach.ALL),)
    assert reach_of(vector_of(person(Role.MANAGER), NOW), Resource.ASSET) == ((0, Reach.ALL),)


def test_a_credential_bound_to_sites_bounds_people_too() -> None:
    bound = replace(person(Role.ADMIN), caveats=Caveats(sites=frozenset({GHENT})))
    vector = vector_of(bound, NOW)

    assert reach_of(vector, Resource.PERSON) == ((0, Reach.SITES),)
    assert site_slots(bound, NOW) == (frozenset({GHENT}),)
    assert vector.site_bound
    assert not unconditional_full(vector, Category.IDENTITY)


def test_a_write_reaches_only_rows_of_the_grant_that_allows_it() -> None:
    mixed = replace(
        person(),
        grants=(RoleGrant(Role.VIEWER, frozenset({GHENT})), RoleGrant(Role.MANAGER, frozenset({LIEGE}))),
    )
    vector, slots = vector_of(mixed, NOW), site_slots(mixed, NOW)
    writing = reach_of(vector, Resource.WORK_ORDER, Action.WORK_ORDER_UPDATE)

    assert [slots[slot] for slot, _ in reach_of(vector, Resource.WORK_ORDER)] in (
        [frozenset({GHENT}), frozenset({LIEGE})],
        [frozenset({LIEGE}), frozenset({GHENT})],
    )
    assert [slots[slot] for slot, _ in writing] == [frozenset({LIEGE})]


def test_names_filter_for_those_who_read_every_name() -> None:
    filtering = {role for role in Role if unconditional_full(vector_of(person(role), NOW), Category.IDENTITY)}

    assert filtering == {Role.ADMIN, Role.MANAGER, Role.TECHNICIAN, Role.QUALITY_MANAGER, Role.AUDITOR}


def test_a_plan_fetches_only_the_relations_that_matter() -> None:
    vector = vector_of(person(Role.REQUESTER), NOW)

    assert relations_of(vector, Category.NOTES) == {Relation.SELF, Relation.OWN}
    assert relations_of(vector, Category.PAY) == {Relation.SELF}
    assert relations_of(vector, Category.OPERATIONAL) == {Relation.SELF, Relation.OWN}
    assert relations_of(vector_of(client(Scope.USERS_READ), NOW), Category.IDENTITY) == frozenset()


def test_nobody_may_read_the_policy_and_sign_in_and_nothing_else() -> None:
    allowed = {action for action in Action if may(NOBODY, action, now=NOW)}

    assert allowed == {Action.POLICY_READ, Action.SIGN_IN}
    assert may(NOBODY, Action.USER_READ, now=NOW) == Denied(DenialReason.NOBODY)


def test_a_member_without_a_role_manages_own_sessions_and_own_data() -> None:
    assert may(person(), Action.SESSION_MANAGE, now=NOW) == Allowed()
    assert may(person(), Action.PERSON_RECTIFY, now=NOW, subject_id=ME) == Allowed()
    assert may(person(), Action.PERSON_RECTIFY, now=NOW, subject_id=YOU) == Denied(DenialReason.ROLE)
    assert may(person(), Action.WORK_ORDER_READ, now=NOW) == Denied(DenialReason.ROLE)


@pytest.mark.parametrize("action", [Action.PERSON_RESTRICT, Action.PERSON_ERASE])
def test_restriction_and_erasure_need_a_fresh_proof_even_of_the_subject(action: Action) -> None:
    stale = replace(stepped_up(person()), stepped_up_until=NOW)

    assert may(stale, action, now=NOW, subject_id=ME) == Denied(DenialReason.STEP_UP)
    assert may(stepped_up(person()), action, now=NOW, subject_id=ME) == Allowed()
    assert may(stepped_up(person(Role.ADMIN)), action, now=NOW, subject_id=YOU) == Denied(DenialReason.ROLE)
    assert may(stepped_up(person(Role.PRIVACY_OFFICER)), action, now=NOW, subject_id=YOU) == Allowed()


def test_a_token_acts_on_personal_data_only_with_its_own_scope() -> None:
    plain = person(Role.PRIVACY_OFFICER, scopes=frozenset({Scope.USERS_READ}))
    executing = replace(plain, scopes=frozenset({Scope.PRIVACY_EXECUTE}))

    assert may(plain, Action.PERSON_ERASE, now=NOW, subject_id=YOU) == Denied(DenialReason.SCOPE)
    assert may(executing, Action.PERSON_ERASE, now=NOW, subject_id=YOU) == Allowed()


def test_correcting_somebody_else_needs_a_fresh_proof() -> None:
    admin = person(Role.ADMIN)

    assert may(admin, Action.PERSON_RECTIFY, now=NOW, subject_id=YOU) == Denied(DenialReason.STEP_UP)
    assert may(stepped_up(admin), Action.PERSON_RECTIFY, now=NOW, subject_id=YOU) == Allowed()


def test_roles_are_granted_by_administrators_to_others_within_their_sites() -> None:
    admin, local = person(Role.ADMIN), replace(person(), grants=(RoleGrant(Role.ADMIN, frozenset({GHENT})),))
    ghent = frozenset({GHENT})

    assert may_grant(admin, Role.MANAGER, YOU, NOW, expires_at=LATER) == Allowed()
    assert may_grant(admin, Role.MANAGER, ME, NOW) == Denied(DenialReason.SELF_GRANT)
    assert may_grant(admin, Role.PARTNER, YOU, NOW) == Denied(DenialReason.ROLE)
    assert may_grant(person(Role.MANAGER), Role.VIEWER, YOU, NOW) == Denied(DenialReason.ROLE)
    assert may_grant(local, Role.VIEWER, YOU, NOW) == Denied(DenialReason.SITES)
    assert may_grant(local, Role.VIEWER, YOU, NOW, sites=ghent) == Allowed()
    assert may_grant(admin, Role.AUDITOR, YOU, NOW) == Denied(DenialReason.TIME_BOX)
    assert may_grant(admin, Role.AUDITOR, YOU, NOW, expires_at=LATER) == Allowed()


def test_a_role_that_is_granted_does_not_outlast_the_one_that_grants_it() -> None:
    lasting = replace(person(), grants=(RoleGrant(Role.ADMIN, None),))
    until = replace(person(), grants=(RoleGrant(Role.ADMIN, None, LATER),))
    after = LATER + timedelta(seconds=1)

    assert may_grant(lasting, Role.MANAGER, YOU, NOW) == Allowed()
    assert may_grant(until, Role.MANAGER, YOU, NOW, expires_at=LATER) == Allowed()
    assert may_grant(until, Role.MANAGER, YOU, NOW, expires_at=after) == Denied(DenialReason.TIME_BOX)
    assert may_grant(until, Role.MANAGER, YOU, NOW) == Denied(DenialReason.TIME_BOX)


@pytest.mark.parametrize(
    ("scopes", "categories", "role", "verdict"),
    [
        (frozenset(Scope), None, Role.MANAGER, Allowed()),
        (frozenset({Scope.ADMIN}), None, Role.MANAGER, Denied(DenialReason.WIDER)),
        (frozenset(Scope) - {Scope.PII_CONTACT}, None, Role.TECHNICIAN, Denied(DenialReason.WIDER)),
        (frozenset(Scope) - {Scope.PII_CONTACT}, None, Role.VIEWER, Allowed()),
        (frozenset(Scope) - {Scope.WORK_ORDERS_WRITE}, None, Role.TECHNICIAN, Denied(DenialReason.WIDER)),
        (frozenset(Scope), frozenset({Category.IDENTITY}), Role.MANAGER, Denied(DenialReason.WIDER)),
    ],
)
def test_a_token_grants_no_role_that_is_more_than_the_token(
    scopes: frozenset[Scope], categories: frozenset[Category] | None, role: Role, verdict: Verdict
) -> None:
    holder = replace(person(), grants=(RoleGrant(Role.ADMIN, None),))
    token = replace(holder, scopes=scopes, caveats=Caveats(categories=categories))

    assert may_grant(holder, role, YOU, NOW) == Allowed()
    assert may_grant(token, role, YOU, NOW) == verdict


def test_a_client_grants_no_role() -> None:
    machine = replace(client(Scope.ADMIN), grants=(RoleGrant(Role.ADMIN, None),))

    assert may_grant(machine, Role.VIEWER, YOU, NOW) == Denied(DenialReason.ROLE)


def test_a_token_makes_no_token_wider_than_itself() -> None:
    session = stepped_up(person(Role.ADMIN))
    token = replace(person(Role.ADMIN), scopes=frozenset({Scope.ADMIN, Scope.PRIVACY_EXECUTE}))
    admin, privacy = frozenset({Scope.ADMIN}), frozenset({Scope.PRIVACY_EXECUTE})
    bound = replace(token, caveats=Caveats(sites=frozenset({GHENT})))

    assert may_issue(session, privacy, Caveats(), NOW) == Allowed()
    assert may_issue(person(Role.ADMIN), admin, Caveats(), NOW) == Denied(DenialReason.STEP_UP)
    assert may_issue(token, admin, Caveats(), NOW) == Allowed()
    assert may_issue(token, privacy, Caveats(), NOW) == Denied(DenialReason.STEP_UP)
    assert may_issue(token, frozenset({Scope.USERS_READ}), Caveats(), NOW) == Denied(DenialReason.WIDER)
    assert may_issue(bound, admin, Caveats(), NOW) == Denied(DenialReason.WIDER)
    assert may_issue(bound, admin, bound.caveats, NOW) == Allowed()


def test_verdicts_are_true_and_false() -> None:
    assert bool(Allowed()) is True
    assert bool(Denied(DenialReason.ROLE)) is False
