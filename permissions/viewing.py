"""What is left of a member's powers while somebody looks as that member: never more than either has. It looks nobody up."""

from dataclasses import replace

from permissions.categories import PERSONAL, PERSONAL_ORDER
from permissions.disclosure import Level
from permissions.grants import VIEWED_ACTIONS
from permissions.powers import POWERLESS, Tier, Vector
from permissions.reach import VIEWED_ROWS, Reach, Resource


def whole_tiers(vector: Vector) -> list[Tier]:
    """Those that reach every row at which somebody may look as another member; none of a credential bound to sites."""
    reached = [tier for tier in vector.tiers if all(tier.reach(of) is Reach.ALL for of in VIEWED_ROWS)]
    return [] if vector.site_bound else reached


def both(member: Vector, actor: Vector) -> Vector:
    """Both at once, and never more than either has on any row.

    Of the actor only what is shown without a tie on every row counts, so that no row has to be asked of twice: a category
    that is not shown raw everywhere is hidden, a kind of row that is not reached whole is not reached. Nothing is kept
    through a restriction or an erasure, not even by the subject, whom the actor is not.
    """
    whole = whole_tiers(actor)
    if member == POWERLESS or not whole or actor.purpose is not member.purpose:
        return POWERLESS
    kept = frozenset(of for of in Resource if all(tier.reach(of) is Reach.ALL for tier in whole))
    raw = frozenset(of for of in PERSONAL if any(tier.cell(of).base is Level.FULL for tier in whole))
    ceilings = zip(PERSONAL_ORDER, member.ceilings, actor.ceilings, strict=True)
    return replace(
        member,
        actions=member.actions & actor.actions & VIEWED_ACTIONS,
        self_actions=frozenset(),
        readable=member.readable & actor.readable,
        ceilings=tuple(min(one, other) if of in raw else Level.HIDDEN for of, one, other in ceilings),
        tiers=tuple(_tier(tier, kept) for tier in member.tiers),
        held=member.held & kept,
        viewed=True,
    )


def _tier(tier: Tier, kept: frozenset[Resource]) -> Tier:
    reaches = zip(Resource, tier.reaches, strict=True)
    return replace(
        tier,
        reaches=tuple(reach if of in kept else Reach.NONE for of, reach in reaches),
        actions=tier.actions & VIEWED_ACTIONS,
        oversees_privacy=False,
        reads_evidence=False,
    )
