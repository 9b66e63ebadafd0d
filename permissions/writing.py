"""Whether somebody may write a value: who may change the row and read the value raw. It knows no row and compares no value."""

from typing import Final

from permissions.categories import PERSONAL, Category
from permissions.decisions import Facts, decide
from permissions.disclosure import ADMITTING, Level, Relation
from permissions.grants import PUBLIC_ACTIONS, Action
from permissions.reach import Reach, Resource
from permissions.vectors import Tier, Vector

AUTHORED: Final = frozenset({Category.NOTES})
"""New text is its writer's own: the writer is its subject."""

UNREAD: Final = frozenset({Action.PERSON_RECTIFY})
"""Done for the subject by who oversees privacy: what the subject says is written, what stood there is not shown (GDPR Art. 16)."""


def may_reach(vector: Vector, resource: Resource) -> bool:
    """Whether there can be a row of this kind that the caller is shown."""
    if resource in vector.held or (resource is Resource.PERSON and _is_tied(vector)):
        return True
    return any(tier.reach(resource) is not Reach.NONE for tier in vector.tiers)


def may_act(vector: Vector, action: Action, resource: Resource | None = None) -> bool:
    """Whether there can be a row of this kind (None: the act is about no row) on which the caller may do this."""
    if action in PUBLIC_ACTIONS or action in vector.self_actions:
        return True
    return action in vector.actions if resource is None else bool(_carriers(vector, action, resource))


def may_overwrite(vector: Vector, category: Category, action: Action, resource: Resource | None) -> bool:
    """Whether there can be a row whose value of this category the caller may replace; the row itself is asked later."""
    if category not in PERSONAL:
        return may_act(vector, action, resource)
    if is_unread(vector, action):
        return True
    if category not in vector.readable or vector.ceiling(category) is not Level.FULL:
        return False
    if action in vector.self_actions:
        return True
    every = frozenset(Relation)
    reads = any(tier.cell(category).at(every) is Level.FULL for tier in vector.tiers)
    return may_act(vector, action, resource) and (reads or (category in AUTHORED and vector.self_rights))


def may_add(vector: Vector, category: Category, action: Action, resource: Resource | None) -> bool:
    """Whether the caller may write a new value of this category: through every grant that carries the action it is read raw.

    A new row has no facts yet, so a grant that shows less is not covered by another that may not reach the row.
    What is about no row of the organisation is about the caller.
    """
    if category not in PERSONAL or action in PUBLIC_ACTIONS or is_unread(vector, action):
        return may_act(vector, action, resource)
    ties = (
        frozenset({Relation.SELF, Relation.OWN}) if resource is None or category in AUTHORED else frozenset()
    )
    carriers = [tier for tier in vector.tiers if tier in _carriers(vector, action, resource)]
    facts = [Facts(frozenset({tier.slot}), ties) for tier in carriers]
    if not facts and action in vector.actions | vector.self_actions:
        facts = [Facts(relations=ties)]
    return bool(facts) and all(decide(vector, category, one).level is Level.FULL for one in facts)


def may_replace(
    vector: Vector, category: Category, action: Action, resource: Resource | None, *, shown: bool
) -> bool:
    """Whether a stored value may be replaced on a row on which the caller may do this; `shown`: it is shown raw there."""
    if category not in PERSONAL or is_unread(vector, action):
        return True
    may = may_add if category in AUTHORED else may_overwrite
    return shown and may(vector, category, action, resource)


def is_unread(vector: Vector, action: Action) -> bool:
    """True for who oversees privacy and carries out what the subject asked for."""
    return action in UNREAD and any(tier.oversees_privacy and action in tier.actions for tier in vector.tiers)


def _carriers(vector: Vector, action: Action, resource: Resource | None) -> list[Tier]:
    reached = [tier for tier in vector.tiers if resource is None or tier.reach(resource) is not Reach.NONE]
    return [tier for tier in reached if action in tier.actions]


def _is_tied(vector: Vector) -> bool:
    return any(tie in ADMITTING for tier in vector.tiers for cell in tier.cells for tie, _ in cell.raised)
