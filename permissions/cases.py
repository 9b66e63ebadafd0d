"""A case of the policy as it is written down: who, with what, looks at which field of whom, and what comes out. Refuses a word that it does not know."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args
from uuid import UUID

from permissions.categories import Category
from permissions.caveats import Caveats
from permissions.decisions import Allowed, Facts, may
from permissions.disclosure import Relation
from permissions.explanation import account
from permissions.grants import Action
from permissions.looks import Account, Look
from permissions.principals import Assurance, Kind, Principal, Role, RoleGrant, Scope
from permissions.purposes import Purpose
from permissions.reach import Reach, Resource
from permissions.vectors import standings, vector_of

NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
VIEWER: Final = UUID(int=11)
OTHER: Final = UUID(int=12)
ACT: Final = frozenset({"name", "roles", "kind", "scopes", "stepped_up", "own", "may", "expect", "ended"})
LOOK: Final = frozenset(
    {
        *("name", "roles", "kind", "scopes", "purpose", "categories", "ended", "field", "category", "row"),
        *("reached_as", "relations", "restricted", "erased", "evidence", "consents", "expect", "rules"),
    }
)


class BadCase(ValueError):
    """A case that cannot be read: a word that is not known, or one that is missing."""


@dataclass(frozen=True, slots=True)
class Field:
    """What decides about a field: the snapshot says so of each."""

    category: Category
    mask: str | None


@dataclass(frozen=True, slots=True)
class Trial:
    """A case that was tried. `rules`: the kinds of rules that had a say, for cases that name them."""

    name: str
    wanted: str
    found: str


def tried(case: Mapping[str, Any], fields: Mapping[str, str]) -> Trial:
    """`fields` are those of a snapshot. Raises BadCase."""
    try:
        return _acted(case) if "may" in case else _looked(case, fields)
    except (KeyError, TypeError, ValueError) as error:
        raise BadCase(f"{case.get('name', 'a case without a name')}: {error}") from None


def _acted(case: Mapping[str, Any]) -> Trial:
    """Whether somebody may do something: ALLOWED, or DENIED with the reason."""
    _refuse_unknown(case, ACT)
    principal = principal_of(case)
    if case.get("stepped_up", False):
        until = NOW + timedelta(minutes=10)
        principal = replace(principal, assurance=Assurance.STEPPED_UP, stepped_up_until=until)
    subject = VIEWER if case.get("own", False) else OTHER
    verdict = may(principal, Action(case["may"]), now=NOW, subject_id=subject)
    found = "ALLOWED" if isinstance(verdict, Allowed) else f"DENIED {verdict.reason}"
    return Trial(case["name"], case["expect"], found)


def _looked(case: Mapping[str, Any], fields: Mapping[str, str]) -> Trial:
    """How much is shown: FULL, MASKED or HIDDEN, the mask where there is one, the reason."""
    _refuse_unknown(case, LOOK)
    found = account(look_of(case, fields), told=True)
    mask = _field(case, fields).mask
    told, wanted = _told(found, mask), str(case["expect"])
    if "rules" in case:
        told += f" by {' '.join(one.rule for one in found.steps)}"
        wanted += f" by {' '.join(case['rules'])}"
    return Trial(case["name"], wanted, told)


def _told(found: Account, mask: str | None) -> str:
    decision = found.decision
    form = decision.form or mask or "NULL"
    shown = [decision.level.name] + ([form] if decision.level.name == "MASKED" else [])
    return " ".join([*shown, *([decision.reason] if decision.reason is not None else [])])


def _field(case: Mapping[str, Any], fields: Mapping[str, str]) -> Field:
    """A case is about a field, or about a category that no field shows yet."""
    if "category" in case:
        return Field(Category(case["category"]), None)
    category, _, mask = fields[case["field"]].partition(" ")
    return Field(Category(category), mask or None)


def principal_of(case: Mapping[str, Any]) -> Principal:
    """Who asks. Without `scopes` it is a session; `ended`: every role of theirs is over."""
    kind = case.get("kind", "PERSON")
    if kind not in get_args(Kind):
        raise BadCase(f"{kind} is no kind of caller")
    end = NOW if case.get("ended", False) else NOW + timedelta(days=1)
    scopes, categories = case.get("scopes"), case.get("categories")
    return Principal(
        kind=kind,
        person_id=VIEWER if kind == "PERSON" else None,
        client_id=VIEWER if kind == "CLIENT" else None,
        grants=tuple(RoleGrant(Role(role), None, end) for role in case.get("roles", ())),
        scopes=None if scopes is None else frozenset(Scope(scope) for scope in scopes),
        purpose=Purpose(case.get("purpose", Purpose.SERVICE)),
        assurance=Assurance.SESSION if scopes is None else Assurance.TOKEN,
        caveats=Caveats(
            categories=None if categories is None else frozenset(Category(one) for one in categories)
        ),
    )


def look_of(case: Mapping[str, Any], fields: Mapping[str, str]) -> Look:
    """The row is reached by every role that can reach one of its kind, or by those of `reached_as`."""
    principal = principal_of(case)
    resource = Resource(case.get("row", Resource.PERSON))
    relations = frozenset(Relation(one) for one in case.get("relations", ()))
    admitted = _admitted(principal, resource, case.get("reached_as"))
    facts = Facts(
        admitted=admitted,
        relations=relations,
        restricted=frozenset(Category(one) for one in case.get("restricted", ())),
        erased=bool(case.get("erased", False)),
        evidence=bool(case.get("evidence", False)),
        consents=frozenset(Purpose(one) for one in case.get("consents", ())),
    )
    own = Relation.SELF in relations or Relation.SUPPORT_GRANT in relations
    return Look(
        principal=principal,
        now=NOW,
        resource=resource,
        category=_field(case, fields).category,
        facts=facts,
        reached=bool(admitted) or own,
    )


def _admitted(principal: Principal, resource: Resource, through: list[str] | None) -> frozenset[int]:
    vector = vector_of(principal, NOW)
    reaching = {tier.slot for tier in vector.tiers if tier.reach(resource) is not Reach.NONE}
    named = {Role(role) for role in through} if through is not None else set(Role)
    held = {one.slot for one in standings(principal, NOW) if one.grant.role in named}
    return frozenset(slot for slot in reaching if slot in held)


def _refuse_unknown(case: Mapping[str, Any], known: frozenset[str]) -> None:
    strange = sorted(set(case) - known)
    if strange:
        raise BadCase(f"unknown: {', '.join(strange)}")
