"""The whole policy as one plain table, from the tables of this room alone: who is shown how much, on which rows, who may do what. It decides nothing and reads nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from permissions.categories import Category
from permissions.disclosure import (
    ADMITTING,
    DISCLOSURE,
    OVERSEES_PRIVACY,
    PII_SCOPES,
    READS_EVIDENCE,
    Cell,
    Form,
    Level,
)
from permissions.grants import (
    ASSIGNABLE,
    CLIENT_ROLE,
    CLIENT_SCOPES,
    GRANTS,
    GUARDED_ROLE,
    MEMBER_ACTIONS,
    NAMED_SCOPES,
    PERSON_ROLES,
    PUBLIC_ACTIONS,
    SCOPE_ACTIONS,
    SELF_ACTIONS,
    STEP_UP,
    STEP_UP_FREE_FOR_SELF,
)
from permissions.masks import MASKS
from permissions.policy_version import POLICY_VERSION
from permissions.principals import TIME_BOXED, Role, Scope
from permissions.purposes import CONSENT, PURPOSES
from permissions.reach import CAVEAT_BOUND, GRANT_BOUND, REACH, SCOPE_REACH
from permissions.writing import AUTHORED, UNREAD

Json = dict[str, Any]
FORMAT: Final = 1
"""Of the snapshot; another one is refused by whoever compares."""
ALWAYS: Final = "always"
"""The condition of a level that needs no tie and no scope."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a role shows of a category under one condition, on a row that it reaches. `when` is a relation, a scope, or ALWAYS."""

    role: Role
    category: Category
    when: str
    level: Level
    form: Form | None

    @property
    def told(self) -> str:
        """In one word, or two where the mask has a form of its own: `MASKED AREA`."""
        return self.level.name if self.form is None else f"{self.level.name} {self.form}"


def lines() -> Iterator[Line]:
    """Every cell of the disclosure table, condition by condition, in the order of the tables."""
    for role, cells in DISCLOSURE.items():
        for category, cell in cells.items():
            yield from _of(role, category, cell)


def _of(role: Role, category: Category, cell: Cell) -> Iterator[Line]:
    yield Line(role, category, ALWAYS, cell.base, cell.form)
    for condition, level in (*cell.raised, *cell.scoped):
        yield Line(role, category, condition, level, None)


def matrix() -> Json:
    """All of it as JSON, in an order that does not depend on a hash seed."""
    disclosure: Json = {}
    for line in lines():
        disclosure.setdefault(line.role, {}).setdefault(line.category, {})[line.when] = line.told
    return {
        "format": FORMAT,
        "policyVersion": POLICY_VERSION,
        "disclosure": disclosure,
        "reach": {
            role: {resource: reach.name for resource, reach in row.items()} for role, row in REACH.items()
        },
        "actions": {role: _listed(actions) for role, actions in GRANTS.items()},
        "scopes": {scope: _scope(scope) for scope in Scope},
        "purposes": {
            purpose: {"categories": _listed(readable), "consent": _listed(CONSENT.get(purpose, frozenset()))}
            for purpose, readable in PURPOSES.items()
        },
        "rules": _rules(),
        "masks": {
            name: {"shows": mask.output, "keeps": mask.preserves, "hides": mask.hides}
            for name, mask in MASKS.items()
        },
    }


def _scope(scope: Scope) -> Json:
    ceilings = {
        category: without.name for category, (needed, without) in PII_SCOPES.items() if needed is scope
    }
    return {
        "actions": _listed(SCOPE_ACTIONS[scope]),
        "rows": _listed(SCOPE_REACH[scope]),
        "without": ceilings,
    }


def _rules() -> Json:
    """Every named set of the policy: who or what a rule is about."""
    sets: Mapping[str, Iterable[str]] = {
        "publicActions": PUBLIC_ACTIONS,
        "memberActions": MEMBER_ACTIONS,
        "selfActions": SELF_ACTIONS,
        "stepUpActions": STEP_UP,
        "stepUpFreeForSelf": STEP_UP_FREE_FOR_SELF,
        "writtenUnread": UNREAD,
        "authoredCategories": AUTHORED,
        "overseesPrivacy": OVERSEES_PRIVACY,
        "readsEvidence": READS_EVIDENCE,
        "timeBoxedRoles": TIME_BOXED,
        "personRoles": PERSON_ROLES,
        "guardedRole": {GUARDED_ROLE},
        "clientRole": {CLIENT_ROLE},
        "clientScopes": CLIENT_SCOPES,
        "namedScopes": NAMED_SCOPES,
        "admittingRelations": ADMITTING,
        "grantBoundRows": GRANT_BOUND,
        "caveatBoundRows": CAVEAT_BOUND,
        **{f"assignableBy {role}": roles for role, roles in ASSIGNABLE.items()},
    }
    return {name: _listed(members) for name, members in sets.items()}


def _listed(members: Iterable[str]) -> list[str]:
    return sorted(str(member) for member in members)
