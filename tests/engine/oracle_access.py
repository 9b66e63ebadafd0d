"""A third opinion on `viewerAccess`: what the oracle says of the field itself, and who may change what from a table of its own. It knows of no input type."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from isomod_graphql.core.flags import is_erased
from isomod_graphql.subjects.models import Person
from permissions.categories import Category
from permissions.decisions import Facts, Vector, decide
from permissions.disclosure import Level, Relation
from permissions.grants import Action
from permissions.principals import Principal
from permissions.reach import Reach
from tests.engine.known import FIELDS, PERSONAL_SETS, RESOURCE
from tests.engine.oracle import Model, Oracle, _powers

_RECTIFIED: Final = dict.fromkeys(
    ("name", "email", "phone", "jobTitle", "address", "locale"), Action.PERSON_RECTIFY
)
_ASSET: Final = (
    *("name", "tag", "serialNumber", "manufacturer", "model", "status", "criticality", "description"),
    *("custodian", "location", "parent"),
)
_ORDER: Final = ("title", "description", "priority", "type", "dueAt", "asset", "location")
_PLACE: Final = ("name", "address", "latitude", "longitude", "timeZone", "parent")
CHANGED_BY: Final[dict[str, dict[str, Action]]] = {
    "User": {**_RECTIFIED, "roles": Action.ROLE_ASSIGN, "teams": Action.TEAM_MANAGE},
    "Contact": {**_RECTIFIED, "teams": Action.TEAM_MANAGE},
    "Team": {"name": Action.TEAM_MANAGE},
    "Asset": dict.fromkeys(_ASSET, Action.ASSET_UPDATE),
    "Location": dict.fromkeys(_PLACE, Action.LOCATION_UPDATE),
    "WorkOrder": {
        **dict.fromkeys(_ORDER, Action.WORK_ORDER_UPDATE),
        "assignee": Action.WORK_ORDER_ASSIGN,
        "assignees": Action.WORK_ORDER_ASSIGN,
    },
}
"""Everything else is changed by no field of an input: it follows from steps, or never changes."""
_PERSONAL: Final = {
    **dict.fromkeys(("name", "jobTitle", "locale"), Category.IDENTITY),
    **dict.fromkeys(("email", "phone", "address"), Category.CONTACT),
}
WRITTEN: Final[dict[str, dict[str, Category]]] = {
    "User": {**_PERSONAL, "teams": Category.IDENTITY},
    "Contact": {**_PERSONAL, "teams": Category.IDENTITY},
    "Asset": {"description": Category.NOTES},
    "WorkOrder": {"description": Category.NOTES},
}
"""What of it is personal."""


async def access_of(
    oracle: Oracle, principal: Principal, now: datetime, of: str, row_id: UUID, name: str
) -> dict[str, Any] | None:
    """The entry for one field of one row; None when the row is not reached."""
    model, fields = FIELDS[of]
    reached = await oracle.reached(principal, now, model, row_id)
    if reached is None:
        return None
    seen = (
        await oracle.seen(principal, now, of, row_id, name) if name in {**fields, **PERSONAL_SETS} else None
    )
    mask, reason = (None, None) if seen is None or seen.withheld is None else seen.withheld
    read = "FULL" if mask is None else "HIDDEN" if mask == "NULL" else "MASKED"
    action = CHANGED_BY.get(of, {}).get(name)
    write = (
        not await _is_gone(oracle, model, row_id, name)
        and await _may_change(oracle, principal, now, model, row_id, action)
        and _takes(_powers(principal, now)[0], WRITTEN.get(of, {}).get(name), action, reason)
    )
    return {"field": name, "read": read, "write": write, "reason": reason}


async def _is_gone(oracle: Oracle, model: Model, row_id: UUID, name: str) -> bool:
    """Nothing of an erased person is changed any more; what others have under their keys is gone with these."""
    row = await oracle.row(model, row_id)
    sealed = model.sealed_fields.get(name)
    if row is None or (model is not Person and sealed is None):
        return False
    person = row if sealed is None or model is Person else await oracle.row(Person, row[sealed.subject])
    return person is not None and is_erased(person["flags"])


async def _may_change(
    oracle: Oracle, principal: Principal, now: datetime, model: Model, row_id: UUID, action: Action | None
) -> bool:
    (vector, slots), row = _powers(principal, now), await oracle.row(model, row_id)
    if action is None or row is None:
        return False
    if model is Person and row_id == principal.person_id and action in vector.self_actions:
        return True
    for tier in vector.tiers:
        reach = tier.reach(RESOURCE[model])
        if action not in tier.actions:
            continue
        if model is not Person and oracle._admits(reach, slots[tier.slot], model, row, principal.person_id):
            return True
        if model is Person and _in_sites(reach, slots[tier.slot], row, principal.person_id):
            return True
    return False


def _takes(vector: Vector, category: Category | None, action: Action | None, reason: str | None) -> bool:
    """Who writes a personal value reads it raw, save who oversees privacy; restriction and erasure are the change's own answer."""
    if category is None:
        return True
    overseers = [tier for tier in vector.tiers if tier.oversees_privacy]
    if action is Action.PERSON_RECTIFY and any(action in tier.actions for tier in overseers):
        return True
    if reason not in {None, "PRIVACY"}:
        return False
    if category is not Category.NOTES:
        return True
    # New text is its writer's own, through every grant that lets write it.
    carriers = [tier for tier in vector.tiers if action in tier.actions]
    own = frozenset({Relation.SELF, Relation.OWN})
    found = [decide(vector, category, Facts(frozenset({tier.slot}), own)) for tier in carriers]
    return all(one.level is Level.FULL for one in found)


def _in_sites(reach: Reach, sites: frozenset[UUID] | None, row: Any, me: UUID | None) -> bool:  # noqa: ANN401  a record
    """Work that is done together lets nobody change a colleague."""
    if reach is Reach.ALL or (reach >= Reach.OWN and row["id"] == me):
        return True
    return reach >= Reach.SITES and (sites is None or row["site_id"] is None or row["site_id"] in sites)
