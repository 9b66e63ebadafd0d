"""What is left of a caller once roles, scopes, purpose and caveats are intersected; it knows no row and names no role."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from permissions.categories import PERSONAL_ORDER, Category
from permissions.caveats import admits_time
from permissions.disclosure import (
    DISCLOSURE,
    OVERSEES_PRIVACY,
    READS_EVIDENCE,
    Cell,
    Level,
    Relation,
    ceiling,
)
from permissions.grants import (
    GRANTS,
    MEMBER_ACTIONS,
    PUBLIC_ACTIONS,
    SCOPE_ACTIONS,
    SELF_ACTIONS,
    Action,
)
from permissions.powers import POWERLESS, Tier, Vector
from permissions.principals import Principal, RoleGrant, Scope
from permissions.purposes import PURPOSES
from permissions.reach import (
    CAVEAT_BOUND,
    GRANT_BOUND,
    REACH,
    SCOPE_REACH,
    SELF_HELD,
    Reach,
    Resource,
)
from permissions.viewing import both

__all__ = [
    "POWERLESS",
    "Sites",
    "Tier",
    "Vector",
    "is_usable",
    "site_bound",
    "site_slots",
    "vector_of",
]

Sites: TypeAlias = frozenset[UUID] | None
"""None: every site."""

_HIDDEN: Final = Cell(Level.HIDDEN)


def is_usable(principal: Principal, now: datetime) -> bool:
    """False for nobody and for a credential whose time is over."""
    return principal.kind != "NOBODY" and admits_time(principal.caveats, now)


def vector_of(principal: Principal, now: datetime) -> Vector:
    """The powers of this caller at this moment; of a member who is looked at, those that whoever looks has as well."""
    own = _own_vector(principal, now)
    return own if principal.viewed_by is None else both(own, _own_vector(principal.viewed_by, now))


def _own_vector(principal: Principal, now: datetime) -> Vector:
    if not is_usable(principal, now):
        return POWERLESS
    person = principal.kind == "PERSON" and principal.person_id is not None
    tiers = tuple(tier for tier, _ in _bound_tiers(principal, now))
    basic = MEMBER_ACTIONS if principal.kind == "PERSON" else PUBLIC_ACTIONS
    scoped = _scoped_actions(principal)
    return Vector(
        actions=(basic & scoped).union(PUBLIC_ACTIONS, *(tier.actions for tier in tiers)),
        self_actions=SELF_ACTIONS & scoped if person else frozenset(),
        self_rights=person,
        purpose=principal.purpose,
        readable=PURPOSES[principal.purpose],
        ceilings=tuple(_ceiling(principal, category) for category in PERSONAL_ORDER),
        tiers=tiers,
        site_bound=principal.caveats.sites is not None,
        held=SELF_HELD if person else frozenset(),
    )


def site_slots(principal: Principal, now: datetime) -> tuple[Sites, ...]:
    """The sites of each slot of `vector_of(principal, now)`, in its order: parameters of a plan, never part of it."""
    if not is_usable(principal, now):
        return ()
    return tuple(sites for _, sites in _bound_tiers(principal, now))


def site_bound(principal: Principal) -> Sites:
    """The sites outside which nothing row-scoped is visible to this credential, not even one's own rows."""
    return principal.caveats.sites


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of one grant of a caller: the slot that carries it, None where it has ended or another grant shows all of it."""

    grant: RoleGrant
    live: bool
    slot: int | None


def standings(principal: Principal, now: datetime) -> tuple[Standing, ...]:
    """Every grant in the order in which it is held; the only place where a slot still knows its role."""
    usable = is_usable(principal, now)
    slots = {replace(tier, slot=0): tier.slot for tier, _ in _bound_tiers(principal, now)} if usable else {}
    return tuple(
        Standing(grant, live=True, slot=slots.get(_tier(principal, grant)))
        if usable and grant.is_live(now)
        else Standing(grant, live=False, slot=None)
        for grant in principal.grants
    )


def _bound_tiers(principal: Principal, now: datetime) -> tuple[tuple[Tier, Sites], ...]:
    """Live grants as tiers: equal ones merged with their sites united, those without a share of their own left out."""
    merged: dict[Tier, Sites] = {}
    for grant in principal.grants:
        if grant.is_live(now):
            tier, sites = _tier(principal, grant), _cut(grant.sites, principal.caveats.sites)
            merged[tier] = _united(merged[tier], sites) if tier in merged else sites
    kept = [tier for tier in merged if not any(_covers(other, tier) for other in merged if other != tier)]
    kept.sort(key=_sort_key, reverse=True)
    return tuple((replace(tier, slot=slot), merged[tier]) for slot, tier in enumerate(kept))


def _tier(principal: Principal, grant: RoleGrant) -> Tier:
    return Tier(
        slot=0,
        reaches=tuple(_reach(principal, grant, resource) for resource in Resource),
        cells=tuple(
            _cell(principal, DISCLOSURE[grant.role][category], category) for category in PERSONAL_ORDER
        ),
        actions=GRANTS[grant.role] & _scoped_actions(principal),
        oversees_privacy=grant.role in OVERSEES_PRIVACY,
        reads_evidence=grant.role in READS_EVIDENCE,
    )


def _scoped_actions(principal: Principal) -> frozenset[Action]:
    scopes = _scopes(principal)
    if scopes is None:
        return frozenset(Action)
    return PUBLIC_ACTIONS.union(*(SCOPE_ACTIONS[scope] for scope in scopes))


def _scopes(principal: Principal) -> frozenset[Scope] | None:
    """None for a session; a client signs in to nothing, so one without scopes holds none."""
    return frozenset() if principal.scopes is None and principal.kind == "CLIENT" else principal.scopes


def _reach(principal: Principal, grant: RoleGrant, resource: Resource) -> Reach:
    reach = REACH[grant.role][resource]
    scopes = _scopes(principal)
    if scopes is not None and not any(resource in SCOPE_REACH[scope] for scope in scopes):
        return Reach.NONE
    if principal.caveats.sites is not None and resource in CAVEAT_BOUND:
        return min(reach, Reach.SITES)
    if grant.sites is None:
        return Reach.ALL if reach is Reach.SITES else reach
    return min(reach, Reach.SITES) if resource in GRANT_BOUND else reach


def _ceiling(principal: Principal, category: Category) -> Level:
    named = principal.caveats.categories
    if category not in PURPOSES[principal.purpose] or (named is not None and category not in named):
        return Level.HIDDEN
    return ceiling(principal.kind, _scopes(principal), category)


def _cell(principal: Principal, cell: Cell, category: Category) -> Cell:
    """The cell with scopes resolved, in one spelling per meaning.

    Levels are cut one step above the ceiling, not at it: that step is what tells "the scope cut it" from "the role".
    Of the scopes that would raise it, those stay that a token lacks: they show nothing, and say the same.
    """
    if category not in PURPOSES[principal.purpose]:
        return _HIDDEN
    top = Level(min(Level.FULL, _ceiling(principal, category) + 1))
    held = _scopes(principal) or frozenset()
    base = min(top, max((cell.base, *(level for scope, level in cell.scoped if scope in held))))
    raised = {relation: min(top, level) for relation, level in cell.raised}
    lacking = () if _scopes(principal) is None else cell.scoped
    return Cell(
        base,
        tuple(sorted((relation, level) for relation, level in raised.items() if level > base)),
        tuple(sorted((scope, level) for scope, level in lacking if scope not in held and level > base)),
        cell.form if base is cell.base is Level.MASKED else None,
    )


def _cut(left: Sites, right: Sites) -> Sites:
    if left is None:
        return right
    return left if right is None else left & right


def _united(left: Sites, right: Sites) -> Sites:
    return None if left is None or right is None else left | right


def _covers(wide: Tier, narrow: Tier) -> bool:
    """True when `narrow` adds nothing to `wide` on any row; SITES is covered by ALL alone, since sites may differ."""
    return (
        narrow.actions <= wide.actions
        and narrow.oversees_privacy <= wide.oversees_privacy
        and narrow.reads_evidence <= wide.reads_evidence
        and all(_reaches(far, near) for far, near in zip(wide.reaches, narrow.reaches, strict=True))
        and all(_shows(more, less) for more, less in zip(wide.cells, narrow.cells, strict=True))
    )


def _reaches(far: Reach, near: Reach) -> bool:
    return far is Reach.ALL or (far >= near and near is not Reach.SITES)


def _shows(more: Cell, less: Cell) -> bool:
    if more.base is less.base and more.form not in (None, less.form):
        return False
    raised: frozenset[Relation] = frozenset(relation for relation, _ in less.raised)
    single = (frozenset({relation}) for relation in raised)
    lacks = more.base is Level.FULL or set(less.scoped) <= set(more.scoped)
    return lacks and more.base >= less.base and all(more.at(tie) >= less.at(tie) for tie in single)


def _sort_key(tier: Tier) -> tuple[object, ...]:
    cells = tuple((cell.base, cell.raised, cell.scoped, cell.form or "") for cell in tier.cells)
    return (tier.reaches, cells, tuple(sorted(tier.actions)), tier.oversees_privacy, tier.reads_evidence)
