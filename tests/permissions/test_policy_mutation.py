"""Every cell of the disclosure table, changed in every way: the written outcomes notice each change, and would not notice none."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

import pytest

from permissions import vectors
from permissions.categories import PERSONAL_ORDER, Category
from permissions.decisions import Decision, Facts, decide
from permissions.disclosure import DISCLOSURE, Cell, Form, Level, Relation
from permissions.principals import Principal, Role, RoleGrant, Scope
from permissions.purposes import Purpose
from permissions.vectors import vector_of
from tests.permissions.disclosed import COLUMNS, outcomes

NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
ONE_IN: Final = 10
"""Of how many changes `make test` tries one, beside the first of every cell; `make proofs` tries them all."""
WRITTEN: Final = outcomes()
AGREEING: Final = Facts(frozenset({0}), consents=frozenset(Purpose))
"""A row that is reached, of a person who agrees to every purpose."""
PII: Final = frozenset({Scope.PII_IDENTITY, Scope.PII_CONTACT, Scope.PII_TIME})
_Tie = TypeVar("_Tie", Relation, Scope)


class Mutant(NamedTuple):
    """The table with one cell changed."""

    role: Role
    category: Category
    change: str
    cell: Cell

    @property
    def table(self) -> Mapping[Role, Mapping[Category, Cell]]:
        return {**DISCLOSURE, self.role: {**DISCLOSURE[self.role], self.category: self.cell}}


class Situation(NamedTuple):
    """Who looks at what, and the line of the written outcomes that says what is shown."""

    name: str
    principal: Principal
    facts: Facts
    line: Mapping[str, str]


def spelt(decision: Decision) -> str:
    """In the signs of the written outcomes; what they have no sign for is spelt out."""
    form = "" if decision.form is None else f":{decision.form}"
    told = {None: "", "ROLE": "", "RELATION": "?", "SCOPE": "$"}.get(
        decision.reason, f" for {decision.reason}"
    )
    return decision.level.name[0] + form + told


def credentials(role: Role) -> dict[str, Principal]:
    """What this role may come with and be shown what its `-` says."""
    grant = RoleGrant(role, None, NOW + timedelta(minutes=10))
    person = Principal(kind="PERSON", person_id=UUID(int=11), grants=(grant,))
    if role is Role.PARTNER:
        client = replace(person, kind="CLIENT", person_id=None, scopes=frozenset(Scope) - PII)
        return {"client": client}
    vendor = {"vendor": replace(person, kind="SUPPORT", person_id=None)} if role is Role.SUPPORT else {}
    return vendor | {
        "session": person,
        "token": replace(person, scopes=frozenset(Scope)),
        "person without a record": replace(person, person_id=None),
    }


def situations(role: Role) -> Iterator[Situation]:
    """Every tie of every credential on a row that is reached and on one that is not."""
    plain = WRITTEN[role, "-"]
    all_full, all_hidden = dict.fromkeys(COLUMNS, "F"), dict.fromkeys(COLUMNS, "H")
    for name, principal in credentials(role).items():
        for tie in (None, *Relation):
            ties = frozenset[Relation]() if tie is None else frozenset({tie})
            line = plain if tie is None else WRITTEN.get((role, tie), plain)
            own = tie is Relation.SELF and principal.kind == "PERSON" and principal.person_id is not None
            there = replace(AGREEING, relations=ties)
            yield Situation(f"{name} {tie}", principal, there, all_full if own else line)
            beyond = all_full if own else line if role is Role.SUPPORT else all_hidden
            yield Situation(
                f"{name} {tie}, not reached", principal, replace(there, admitted=frozenset()), beyond
            )
        if role is Role.PARTNER:
            # No program has a session: what its tokens lack would hide what the table gives too much.
            session = replace(principal, kind="PERSON", scopes=None)
            yield Situation("session", session, AGREEING, WRITTEN[role, "session"])
        for scope in sorted(PII) if role is Role.PARTNER else ():
            scoped = replace(principal, scopes=frozenset(Scope) - PII | {scope})
            yield Situation(f"{name} {scope}", scoped, AGREEING, WRITTEN[role, scope])


def differences(role: Role) -> Iterator[tuple[str, str, str, str]]:
    """Situation, category, what is decided and what is written, wherever the two differ."""
    for name, principal, facts, line in situations(role):
        vector = vector_of(principal, NOW)
        for column, written in line.items():
            decided = spelt(decide(vector, Category(column), facts))
            if decided != written:
                yield name, column, decided, written


@contextmanager
def in_force(mutant: Mutant) -> Iterator[None]:
    """Every vector made meanwhile is made from the changed table."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "DISCLOSURE", mutant.table)
        yield


def survives(mutant: Mutant) -> bool:
    """Whether nothing that is written notices the change."""
    with in_force(mutant):
        return next(differences(mutant.role), None) is None


def _other_ties(
    named: tuple[tuple[_Tie, Level], ...], every: type[_Tie], base: Level
) -> Iterator[tuple[str, tuple[tuple[_Tie, Level], ...]]]:
    """One tie less, one more, or one that shows another amount; none that shows no more than the base."""
    held = dict(named)
    for tie in every:
        for level in (None, *Level):
            others = {one: at for one, at in held.items() if one is not tie}
            if level == held.get(tie) or (level is not None and level <= base):
                continue
            changed = others if level is None else {**others, tie: level}
            yield f"{tie} {'dropped' if level is None else level.name}", tuple(changed.items())


def changes(cell: Cell) -> Iterator[tuple[str, Cell]]:
    """Every way to change one thing of a cell, with its name."""
    for level in Level:
        if abs(level - cell.base) == 1:
            yield f"base {level.name}", replace(cell, base=level)
    for name, raised in _other_ties(cell.raised, Relation, cell.base):
        yield name, replace(cell, raised=raised)
    own = dict(cell.scoped)
    for name, scoped in _other_ties(cell.scoped, Scope, cell.base):
        # Beside the scope that the category needs another one shows nothing: without that one the ceiling hides it.
        if not own or set(dict(scoped)) <= set(own):
            yield name, replace(cell, scoped=scoped)
    for form in (None, *Form) if cell.base is Level.MASKED else ():
        if form is not cell.form:
            yield f"form {form}", replace(cell, form=form)


def mutants(role: Role) -> list[Mutant]:
    """Of every cell that is written for the role."""
    return [
        Mutant(role, category, name, cell)
        for category in PERSONAL_ORDER
        for name, cell in changes(DISCLOSURE[role][category])
    ]


def sample(role: Role) -> list[Mutant]:
    """The first change of every cell, and one in so many of all."""
    every = mutants(role)
    firsts = {mutant.category: mutant for mutant in reversed(every)}
    return [one for at, one in enumerate(every) if at % ONE_IN == 0 or firsts[one.category] is one]


@pytest.mark.parametrize("role", Role)
def test_every_role_is_shown_what_is_written(role: Role) -> None:
    assert list(differences(role)) == []


def test_every_line_is_looked_at() -> None:
    looked_at = {id(one.line) for role in Role for one in situations(role)}

    assert [key for key, line in WRITTEN.items() if id(line) not in looked_at] == []


@pytest.mark.parametrize("role", Role)
def test_a_change_of_any_cell_is_noticed(role: Role) -> None:
    assert [mutant[:3] for mutant in sample(role) if survives(mutant)] == []


@pytest.mark.proof
@pytest.mark.parametrize("role", Role)
def test_every_change_of_every_cell_is_noticed(role: Role) -> None:
    assert [mutant[:3] for mutant in mutants(role) if survives(mutant)] == []


def test_every_cell_is_changed_in_the_sample_too() -> None:
    sampled = [mutant for role in Role for mutant in sample(role)]

    assert {(one.role, one.category) for one in sampled} == {
        (role, c) for role in Role for c in PERSONAL_ORDER
    }
    assert all(one.cell != DISCLOSURE[one.role][one.category] for one in sampled)


@pytest.mark.parametrize("role", Role)
def test_a_change_that_changes_nothing_survives(role: Role) -> None:
    same = Mutant(role, Category.IDENTITY, "none", DISCLOSURE[role][Category.IDENTITY])

    assert survives(same)


def test_a_tie_to_what_is_shown_anyway_survives() -> None:
    idle = Cell(Level.FULL, raised=((Relation.OWN, Level.FULL),))

    assert survives(Mutant(Role.ADMIN, Category.PAY, "OWN FULL", idle))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("category", sorted(frozenset(Category) - frozenset(PERSONAL_ORDER)))
def test_what_is_nobody_s_or_follows_its_row_is_decided_without_the_table(
    role: Role, category: Category
) -> None:
    """No cell, however wrong, shows a credential or hides a work order."""
    plain = {name: vector_of(one, NOW) for name, one in credentials(role).items()}

    for name, cell in changes(DISCLOSURE[role][category]):
        with in_force(Mutant(role, category, name, cell)):
            assert {name: vector_of(one, NOW) for name, one in credentials(role).items()} == plain


def test_what_notices_a_change_is_the_outcome_it_leads_to() -> None:
    """A technician who reads every phone number."""
    open_to_all = Mutant(Role.TECHNICIAN, Category.CONTACT, "base FULL", Cell(Level.FULL))

    with in_force(open_to_all):
        found = list(differences(Role.TECHNICIAN))

    assert found[0] == ("session None", "CONTACT", "F", "H?")
    assert {column for _, column, _, _ in found} == {"CONTACT"}
