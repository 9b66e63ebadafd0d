"""The tables against the text they come from, typed out again row by row; nothing here is computed from the tables."""

from itertools import combinations

import pytest

from permissions.categories import PERSONAL, PERSONAL_ORDER, POLICY_SECTION, WEEKLY, Category, Keep
from permissions.disclosure import DISCLOSURE, READS_EVIDENCE, Cell, Form, Level, Relation
from permissions.grants import ASSIGNABLE, GRANTS, SCOPE_ACTIONS, SESSION_ACTIONS, STEP_UP, Action
from permissions.policy_version import POLICY_VERSION, canonical
from permissions.principals import Role, Scope
from permissions.purposes import CONSENT, PURPOSES, Purpose
from permissions.reach import REACH, SCOPE_REACH, SELF_HELD, Reach, Resource

WRITTEN = """
|ADMIN|F|F|F|F|H +logged reason|H|H|F|F|
|MANAGER|F|F|H|F|M area|H|H|F|H|
|TECHNICIAN|F|H +same open order +same team|H|H|H|H|H|F|H|
|REQUESTER|M +assigned to mine|H +assigned to mine and open|H|H|H|H|H|H +own|H|
|VIEWER|M +same team|H|H|H|H|H|H|H|H|
|QUALITY_MANAGER|F|M|H|M day total|H|H|H|F|H|
|AUDITOR|F|H|H|M|H|H|H|M spans out|H|
|PRIVACY_OFFICER|M +subject of an open request|H +same|H +same|H +same|H +same|H +same|H +same|H +same|F|
|PARTNER|M pseudonym +`pii:identity`|H +`pii:contact`|H|H +`pii:time`|H|H|H|H|H|
|SUPPORT|H +grant|H +grant|H|H|H|H|H|H|H|
"""

FULL = Level.FULL
READING = {
    "H": Cell(Level.HIDDEN),
    "M": Cell(Level.MASKED),
    "F": Cell(Level.FULL),
    "H +logged reason": Cell(Level.HIDDEN, ((Relation.LOGGED_REASON, FULL),)),
    "M area": Cell(Level.MASKED, form=Form.AREA),
    "H +same open order +same team": Cell(
        Level.HIDDEN, ((Relation.SAME_OPEN_ORDER, FULL), (Relation.SAME_TEAM, FULL))
    ),
    "M +same team": Cell(Level.MASKED, ((Relation.SAME_TEAM, FULL),)),
    "M +assigned to mine": Cell(Level.MASKED, ((Relation.ASSIGNED_TO_MINE, FULL),)),
    "H +assigned to mine and open": Cell(Level.HIDDEN, ((Relation.ASSIGNED_TO_MINE_OPEN, FULL),)),
    "H +own": Cell(Level.HIDDEN, ((Relation.OWN, FULL),)),
    "M day total": Cell(Level.MASKED, form=Form.DAY_TOTAL),
    "M spans out": Cell(Level.MASKED, form=Form.SPANS_OUT),
    "M +subject of an open request": Cell(Level.MASKED, ((Relation.REQUEST_SUBJECT, FULL),)),
    "H +same": Cell(Level.HIDDEN, ((Relation.REQUEST_SUBJECT, FULL),)),
    "M pseudonym +`pii:identity`": Cell(
        Level.MASKED, scoped=((Scope.PII_IDENTITY, FULL),), form=Form.PSEUDONYM
    ),
    "H +`pii:contact`": Cell(Level.HIDDEN, scoped=((Scope.PII_CONTACT, FULL),)),
    "H +`pii:time`": Cell(Level.HIDDEN, scoped=((Scope.PII_TIME, FULL),)),
    "H +grant": Cell(Level.HIDDEN, ((Relation.SUPPORT_GRANT, FULL),)),
}

N, O, A, S, E = Reach.NONE, Reach.OWN, Reach.ASSIGNED, Reach.SITES, Reach.ALL  # noqa: E741 - columns of one letter
REACHES = {
    # PERSON LOCATION ASSET WORK_ORDER AUDIT_ENTRY TOKEN SESSION TEAM
    Role.ADMIN: (E, E, E, E, E, E, O, E, N, N),
    Role.MANAGER: (S, S, S, S, N, O, O, E, N, N),
    Role.TECHNICIAN: (E, S, S, A, N, O, O, E, N, N),
    Role.REQUESTER: (A, S, S, O, N, O, O, E, N, N),
    Role.VIEWER: (E, S, S, S, N, O, O, E, N, N),
    Role.QUALITY_MANAGER: (E, E, E, E, N, O, O, E, N, N),
    Role.AUDITOR: (E, E, E, E, N, O, O, E, N, N),
    Role.PRIVACY_OFFICER: (E, N, N, N, E, O, O, E, E, N),
    Role.PARTNER: (S, S, S, S, N, O, O, N, N, N),
    Role.SUPPORT: (N, N, N, N, N, O, O, N, N, N),
}


def test_the_disclosure_table_is_the_written_one() -> None:
    rows = [line.strip("|").split("|") for line in WRITTEN.strip().splitlines()]

    shown = {role: [DISCLOSURE[role][category] for category in PERSONAL_ORDER] for role in Role}

    assert shown == {Role(row[0]): [READING[cell] for cell in row[1:]] for row in rows}


def test_the_columns_stand_in_the_written_order() -> None:
    assert " ".join(PERSONAL_ORDER) == "IDENTITY CONTACT PAY TIME POSITION DEVICE COMMUNICATION NOTES AUDIT"
    assert frozenset(PERSONAL_ORDER) == PERSONAL


@pytest.mark.parametrize("role", Role)
def test_every_role_has_a_cell_for_every_category(role: Role) -> None:
    assert set(DISCLOSURE[role]) == set(Category)
    assert DISCLOSURE[role][Category.CREDENTIAL] == Cell(Level.HIDDEN)
    assert DISCLOSURE[role][Category.OPERATIONAL] == Cell(Level.FULL)
    assert DISCLOSURE[role][Category.EQUIPMENT] == Cell(Level.FULL)


def test_the_reach_table_is_the_written_one() -> None:
    assert {role: tuple(REACH[role][resource] for resource in Resource) for role in Role} == REACHES
    assert all(set(row) == set(Resource) for row in REACH.values())


def test_only_two_roles_reach_the_audit_log() -> None:
    readers = {role for role in Role if REACH[role][Resource.AUDIT_ENTRY]}

    assert readers == {Role.ADMIN, Role.PRIVACY_OFFICER}
    assert readers == {role for role in Role if Action.AUDIT_READ in GRANTS[role]}


def test_who_was_shown_whose_data_is_read_by_who_oversees_privacy_and_by_nobody_else() -> None:
    assert {role for role in Role if REACH[role][Resource.ACCESS_RECORD]} == {Role.PRIVACY_OFFICER}
    assert {role for role in Role if REACH[role][Resource.ACCESS_LOG]} == set()
    assert frozenset({Resource.PERSON, Resource.ACCESS_LOG}) == SELF_HELD


def test_every_role_and_every_scope_has_its_actions() -> None:
    assert set(GRANTS) == set(ASSIGNABLE) == set(Role)
    assert set(SCOPE_ACTIONS) == set(SCOPE_REACH) == set(Scope)


def test_every_action_is_held_by_a_role_and_covered_by_a_scope_or_is_of_a_session() -> None:
    assert frozenset[Action]().union(*GRANTS.values()) == frozenset(Action)
    assert frozenset[Action]().union(*SCOPE_ACTIONS.values()) == frozenset(Action) - SESSION_ACTIONS


def test_restriction_and_erasure_belong_to_the_privacy_officer_alone() -> None:
    holders = {action: {role for role in Role if action in GRANTS[role]} for action in Action}

    assert holders[Action.PERSON_RESTRICT] == {Role.PRIVACY_OFFICER}
    assert holders[Action.PERSON_ERASE] == {Role.PRIVACY_OFFICER}
    assert holders[Action.PERSON_RECTIFY] == {Role.PRIVACY_OFFICER, Role.ADMIN}


def test_the_administrator_does_everything_but_restrict_and_erase() -> None:
    assert frozenset(Action) - GRANTS[Role.ADMIN] == {Action.PERSON_RESTRICT, Action.PERSON_ERASE}


def test_only_planners_change_the_state_of_a_work_order_and_technicians_work_on_it() -> None:
    moves = {action for action in Action if action.startswith("WORK_ORDER_")} - {
        Action.WORK_ORDER_READ,
        Action.WORK_ORDER_CREATE,
        Action.WORK_ORDER_UPDATE,
        Action.WORK_ORDER_SIGN,
    }
    moving = {role: GRANTS[role] & moves for role in Role if GRANTS[role] & moves}

    assert moving == {
        Role.ADMIN: moves,
        Role.MANAGER: moves,
        Role.TECHNICIAN: {Action.WORK_ORDER_WORK},
    }


def test_whoever_plans_does_or_judges_the_work_signs_it_and_the_auditor_reads_who_did() -> None:
    assert {role for role in Role if Action.WORK_ORDER_SIGN in GRANTS[role]} == {
        *(Role.ADMIN, Role.MANAGER, Role.TECHNICIAN, Role.QUALITY_MANAGER)
    }
    assert {Role.AUDITOR} == READS_EVIDENCE


def test_no_grant_is_given_by_anyone_but_the_administrator_and_none_to_clients_or_vendor() -> None:
    assert {role for role in Role if ASSIGNABLE[role]} == {Role.ADMIN}
    assert frozenset(Role) - ASSIGNABLE[Role.ADMIN] == {Role.PARTNER, Role.SUPPORT}


def test_dangerous_actions_need_a_fresh_proof() -> None:
    assert {
        Action.PERSON_RECTIFY,
        Action.PERSON_RESTRICT,
        Action.PERSON_ERASE,
        Action.TOKEN_CREATE,
        Action.CLIENT_MANAGE,
        Action.VIEW_AS,
    } == STEP_UP


def test_purposes_are_the_written_ones() -> None:
    assert {
        Purpose.SERVICE: PERSONAL,
        Purpose.NOTIFY: {Category.IDENTITY, Category.CONTACT},
        Purpose.COMPLIANCE: {Category.IDENTITY, Category.TIME, Category.NOTES, Category.AUDIT},
        Purpose.ANALYTICS: frozenset(),
        Purpose.SECURITY: {Category.IDENTITY, Category.CONTACT, Category.DEVICE, Category.AUDIT},
        Purpose.LEGAL: PERSONAL,
    } == PURPOSES


def test_consents_are_the_written_ones_and_add_nothing_to_a_purpose() -> None:
    assert {
        Purpose.SERVICE: {Category.POSITION},
        Purpose.NOTIFY: {Category.CONTACT},
        Purpose.ANALYTICS: {Category.DEVICE},
    } == CONSENT
    assert all(categories <= PERSONAL for categories in CONSENT.values())


def test_every_category_names_its_section_of_the_policy() -> None:
    assert set(POLICY_SECTION) == set(Category)
    assert {section[:2] for section in POLICY_SECTION.values()} == {"1.", "4."}


def test_positions_and_security_data_live_under_weekly_keys() -> None:
    assert {Keep.POSITION, Keep.SECURITY} == WEEKLY


def test_equal_tables_have_one_spelling_and_others_another() -> None:
    forwards = {"a": frozenset({"x", "y"}), "b": (Cell(Level.FULL),)}
    backwards = {"b": (Cell(Level.FULL),), "a": frozenset({"y", "x"})}
    others = [forwards, {"a": frozenset({"x"})}, {"a": ("x", "y")}, {"b": (Cell(Level.MASKED),)}]

    assert canonical(forwards) == canonical(backwards)
    assert all(canonical(one) != canonical(other) for one, other in combinations(others, 2))
    assert len(POLICY_VERSION) == 12
