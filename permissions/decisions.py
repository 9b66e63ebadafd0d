"""The decisions: how much of a value is shown, and whether an action may happen; pure, from the tables and given facts alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, TypeAlias
from uuid import UUID

from permissions.categories import PERSONAL, ROW_RULED, Category
from permissions.caveats import UNRESTRICTED, Caveats, is_narrower
from permissions.disclosure import ADMITTING, OVERSEES_PRIVACY, Cell, Form, Level, Relation
from permissions.grants import (
    ASSIGNABLE,
    PUBLIC_ACTIONS,
    SESSION_ACTIONS,
    STEP_UP,
    STEP_UP_FREE_FOR_SELF,
    Action,
)
from permissions.principals import TIME_BOXED, Assurance, Principal, Role, RoleGrant, Scope
from permissions.purposes import Purpose, needs_consent
from permissions.reach import Reach, Resource
from permissions.vectors import (
    POWERLESS,
    Sites,
    Tier,
    Vector,
    is_usable,
    site_bound,
    site_slots,
    vector_of,
)
from permissions.viewing import whole_tiers

__all__ = [
    "POWERLESS",
    "Allowed",
    "Decision",
    "DenialReason",
    "Denied",
    "Facts",
    "Reason",
    "Sites",
    "Tier",
    "Vector",
    "Verdict",
    "decide",
    "is_usable",
    "may",
    "may_grant",
    "may_issue",
    "may_view",
    "reach_of",
    "relations_of",
    "site_bound",
    "site_slots",
    "unconditional_full",
    "unentitled",
    "vector_of",
]


class Reason(StrEnum):
    """Why less than everything is shown; PRIVACY covers restriction, consent and erasure alike, so it tells none of them."""

    ROLE = "ROLE"
    SCOPE = "SCOPE"
    RELATION = "RELATION"
    PURPOSE = "PURPOSE"
    PRIVACY = "PRIVACY"


class DenialReason(StrEnum):
    """Why an action is refused."""

    NOBODY = "NOBODY"
    ROLE = "ROLE"
    SCOPE = "SCOPE"
    STEP_UP = "STEP_UP"
    SELF_GRANT = "SELF_GRANT"
    SITES = "SITES"
    TIME_BOX = "TIME_BOX"
    WIDER = "WIDER"
    OVERSEER = "OVERSEER"
    """Who oversees privacy is not looked over."""
    VIEW_AS = "VIEW_AS"
    """Whoever looks as another member changes nothing."""
    FIELD = "FIELD"
    """The row may be changed, but the caller may not read raw what would be written over."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one row and of the person whose data it holds.

    `admitted` holds the slots whose reach admits the row; `restricted` the categories the person had restricted (Art. 18).
    `evidence`: the value belongs to a signed record, and its key outlives an erasure. `consents`: the purposes to which the
    person agrees; nobody who was never asked does.
    """

    admitted: frozenset[int] = frozenset()
    relations: frozenset[Relation] = frozenset()
    restricted: frozenset[Category] = frozenset()
    erased: bool = False
    evidence: bool = False
    consents: frozenset[Purpose] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """How much is shown, why not more, and the form of the mask where it is not the field's own."""

    level: Level
    reason: Reason | None = None
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """The action may happen on rows that `reach_of` admits for it; true."""

    def __bool__(self) -> Literal[True]:
        """So that `if may(...)` means what it says."""
        return True


@dataclass(frozen=True, slots=True)
class Denied:
    """The action may not happen; false."""

    reason: DenialReason

    def __bool__(self) -> Literal[False]:
        """So that `if may(...)` means what it says."""
        return False


Verdict: TypeAlias = Allowed | Denied

_FULL: Final = Decision(Level.FULL)


def decide(vector: Vector, category: Category, facts: Facts) -> Decision:
    """Grants add up, restrictions always win; PRIVACY is said only to those who would otherwise have seen more."""
    if category in ROW_RULED:
        return _FULL if _sees_row(vector, facts) else Decision(Level.HIDDEN, Reason.ROLE)
    if category not in PERSONAL:
        return Decision(Level.HIDDEN, Reason.ROLE)
    if category not in vector.readable:
        return Decision(Level.HIDDEN, Reason.PURPOSE)
    own = vector.self_rights and Relation.SELF in facts.relations
    ordinary = _weigh(vector, vector.tiers, category, facts, own=own)
    if facts.erased:
        readers = tuple(tier for tier in vector.tiers if tier.reads_evidence and facts.evidence)
        kept = _weigh(vector, readers, category, facts, own=False)
    elif (vector.viewed or not own) and (
        category in facts.restricted or _lacks_consent(vector, category, facts)
    ):
        overseers = tuple(tier for tier in vector.tiers if tier.oversees_privacy)
        kept = _weigh(vector, overseers, category, facts, own=False)
    else:
        return ordinary
    return Decision(kept.level, Reason.PRIVACY, kept.form) if kept.level < ordinary.level else ordinary


def relations_of(vector: Vector, category: Category) -> frozenset[Relation]:
    """The relations that can change a decision about this category: what a plan has to fetch beside the value."""
    if category in ROW_RULED:
        return frozenset({Relation.SELF, Relation.OWN}) if vector.self_rights else frozenset()
    if category not in vector.readable:
        return frozenset()
    raising = {relation for tier in vector.tiers for relation, _ in tier.cell(category).raised}
    return frozenset(raising | ({Relation.SELF} if vector.self_rights else set()))


def unconditional_full(vector: Vector, category: Category, resource: Resource = Resource.PERSON) -> bool:
    """True when every row of this kind shows the category raw without a tie: only then may it filter or sort.

    Restricted and erased people stay the caller's matter: they must not take part in the comparison.
    """
    if category in ROW_RULED:
        # Whatever rows are reached show it; where none are, there is nothing to tell.
        return True
    if category not in vector.readable or vector.ceiling(category) is not Level.FULL:
        return False
    if resource is Resource.ACCESS_LOG:
        # There are no rows of this kind but one's own, and consent does not keep one's own data from oneself.
        return resource in vector.held
    if needs_consent(vector.purpose, category):
        return False
    return any(
        tier.cell(category).base is Level.FULL and tier.reach(resource) is Reach.ALL for tier in vector.tiers
    )


def reach_of(
    vector: Vector, resource: Resource, action: Action | None = None
) -> tuple[tuple[int, Reach], ...]:
    """The slots that reach rows of this kind, and how far; with an action, only those whose own grant carries it.

    A write must pass the action: what one grant allows on its sites says nothing about the rows of another grant.
    """
    return tuple(
        (tier.slot, tier.reach(resource))
        for tier in vector.tiers
        if tier.reach(resource) and (action is None or action in tier.actions)
    )


def may(principal: Principal, action: Action, *, now: datetime, subject_id: UUID | None = None) -> Verdict:
    """Whether the caller may do this at all; `subject_id` is the person it is done to, where there is one."""
    if action in PUBLIC_ACTIONS:
        return Allowed()
    if not is_usable(principal, now):
        return Denied(DenialReason.NOBODY)
    own = subject_id is not None and subject_id == principal.person_id
    if not _holds(vector_of(principal, now), action, own=own):
        unscoped = vector_of(replace(principal, scopes=_every_scope(principal)), now)
        return Denied(DenialReason.SCOPE if _holds(unscoped, action, own=own) else DenialReason.ROLE)
    exempt = own and principal.kind == "PERSON" and action in STEP_UP_FREE_FOR_SELF
    if action in STEP_UP and not exempt and not _stepped_up(principal, now):
        return Denied(DenialReason.STEP_UP)
    return Allowed()


def may_grant(
    principal: Principal,
    role: Role,
    target_person_id: UUID,
    now: datetime,
    *,
    sites: Sites = None,
    expires_at: datetime | None = None,
) -> Verdict:
    """Whether a person may give somebody else this role on these sites (None: every site) until then (None: no end)."""
    verdict = may(principal, Action.ROLE_ASSIGN, now=now)
    if not verdict:
        return verdict
    if principal.kind != "PERSON":
        return Denied(DenialReason.ROLE)
    if target_person_id == principal.person_id:
        return Denied(DenialReason.SELF_GRANT)
    entitled = [grant for grant in principal.grants if grant.is_live(now) and role in ASSIGNABLE[grant.role]]
    refusal = unentitled(principal, entitled, sites, expires_at)
    if refusal is None and not _is_whole(principal, role, now):
        refusal = DenialReason.WIDER
    if refusal is None and role in TIME_BOXED and (expires_at is None or expires_at <= now):
        refusal = DenialReason.TIME_BOX
    return Allowed() if refusal is None else Denied(refusal)


def may_view(
    principal: Principal, target_person_id: UUID, target: Sequence[RoleGrant], now: datetime
) -> Verdict:
    """Whether a person may look at what this other member, who holds `target`, is shown: freshly proven, and through no token.

    Never who oversees privacy: whose requests are open would show, and a privacy officer is not looked over (GDPR Art. 38(3)).
    """
    verdict = may(principal, Action.VIEW_AS, now=now)
    if not verdict:
        return verdict
    if target_person_id == principal.person_id:
        return Denied(DenialReason.SELF_GRANT)
    if not whole_tiers(vector_of(principal, now)):
        return Denied(DenialReason.SITES)
    overseen = any(grant.is_live(now) and grant.role in OVERSEES_PRIVACY for grant in target)
    return Denied(DenialReason.OVERSEER) if overseen else Allowed()


def may_issue(principal: Principal, scopes: frozenset[Scope], caveats: Caveats, now: datetime) -> Verdict:
    """Whether the caller may make a token for itself: never wider than its own, `privacy:execute` from a session only."""
    verdict = may(principal, Action.TOKEN_CREATE, now=now)
    if not verdict:
        return verdict
    if principal.scopes is not None and Scope.PRIVACY_EXECUTE in scopes:
        return Denied(DenialReason.STEP_UP)
    if principal.scopes is not None and not scopes <= principal.scopes:
        return Denied(DenialReason.WIDER)
    return Allowed() if is_narrower(caveats, principal.caveats) else Denied(DenialReason.WIDER)


def _sees_row(vector: Vector, facts: Facts) -> bool:
    tied = vector.self_rights and not facts.relations.isdisjoint({Relation.SELF, Relation.OWN})
    return tied or any(tier.slot in facts.admitted for tier in vector.tiers)


def _lacks_consent(vector: Vector, category: Category, facts: Facts) -> bool:
    return needs_consent(vector.purpose, category) and vector.purpose not in facts.consents


def _weigh(
    vector: Vector, tiers: tuple[Tier, ...], category: Category, facts: Facts, *, own: bool
) -> Decision:
    """The best of these tiers under the ceiling, as if nothing were restricted."""
    held = [(tier.slot in facts.admitted, tier.cell(category)) for tier in tiers]
    levels = [_level(cell, facts.relations, admitted=admitted) for admitted, cell in held]
    best = Level.FULL if own else max(levels, default=Level.HIDDEN)
    top = vector.ceiling(category)
    level = min(best, top)
    if level is Level.FULL:
        return _FULL
    reachable = max((_highest(cell, admitted=admitted) for admitted, cell in held), default=Level.HIDDEN)
    lacking = max(
        (more for admitted, cell in held if admitted for _, more in cell.scoped), default=Level.HIDDEN
    )
    scope = best > top or lacking > level
    reason = Reason.SCOPE if scope else Reason.RELATION if min(reachable, top) > level else Reason.ROLE
    if level is Level.HIDDEN or best > level:
        return Decision(level, reason)
    forms = {cell.form for (_, cell), reached in zip(held, levels, strict=True) if reached is level}
    return Decision(level, reason, None if None in forms else min(form for form in forms if form is not None))


def _level(cell: Cell, relations: frozenset[Relation], *, admitted: bool) -> Level:
    if admitted:
        return cell.at(relations)
    return max(
        (level for tie, level in cell.raised if tie in ADMITTING and tie in relations), default=Level.HIDDEN
    )


def _highest(cell: Cell, *, admitted: bool) -> Level:
    return _level(cell, frozenset(Relation), admitted=admitted)


def _holds(vector: Vector, action: Action, *, own: bool) -> bool:
    return action in vector.actions or (own and action in vector.self_actions)


def _every_scope(principal: Principal) -> frozenset[Scope] | None:
    """Of a session, which a program cannot have."""
    return frozenset(Scope) if principal.kind == "CLIENT" else None


def _stepped_up(principal: Principal, now: datetime) -> bool:
    if principal.scopes is not None:
        return Scope.PRIVACY_EXECUTE in principal.scopes
    until = principal.stepped_up_until
    return principal.assurance >= Assurance.STEPPED_UP and until is not None and now < until


def unentitled(
    principal: Principal, entitled: Sequence[RoleGrant], sites: Sites, expires_at: datetime | None
) -> DenialReason | None:
    """One grant must hold all of it: these sites, and at least until then; the credential must admit the sites too."""
    if not entitled:
        return DenialReason.ROLE
    there = [grant for grant in entitled if _within(sites, grant.sites)]
    if not there or not _within(sites, principal.caveats.sites):
        return DenialReason.SITES
    lasting = (grant.expires_at is None or _ends_by(expires_at, grant.expires_at) for grant in there)
    return None if any(lasting) else DenialReason.TIME_BOX


def _ends_by(expires_at: datetime | None, end: datetime) -> bool:
    return expires_at is not None and expires_at <= end


def _is_whole(principal: Principal, role: Role, now: datetime) -> bool:
    """The role through this credential is the role of a session: a narrowed one would give away what it gave up."""
    held = RoleGrant(role, None, now + timedelta(days=1))
    through = replace(principal, grants=(held,), caveats=replace(principal.caveats, sites=None))
    whole = replace(through, scopes=None, caveats=UNRESTRICTED)
    return _given(vector_of(through, now)) == _given(vector_of(whole, now))


def _given(vector: Vector) -> tuple[Tier, ...]:
    """What only a session does is part of no role that a token gives away."""
    return tuple(replace(tier, actions=tier.actions - SESSION_ACTIONS) for tier in vector.tiers)


def _within(sites: Sites, bound: Sites) -> bool:
    return bound is None or (sites is not None and sites <= bound)
