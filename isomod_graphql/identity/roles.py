"""Roles of members: given, taken away, handed over. Refuses a grant to oneself, one that the giver lacks, and an organisation without its guarded role."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from isomod_graphql.audit.service import record
from isomod_graphql.core.errors import BadInput, NotFound, SoleAdmin
from isomod_graphql.core.events import tell
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.tenancy import ConstraintConflict
from isomod_graphql.core.versions import require_version
from isomod_graphql.engine.viewer import GrantRefused, Viewer
from isomod_graphql.identity.errors import RoleHeld
from isomod_graphql.identity.models import GrantRow, User
from isomod_graphql.subjects.models import Person
from isomod_graphql.subjects.reach import PEOPLE_OF_SITES
from isomod_graphql.subjects.service import require_processing
from permissions.decisions import Denied, may_grant
from permissions.grants import GUARDED_ROLE, PERSON_ROLES, Action
from permissions.principals import Role

_SOON = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class GivenRole:
    """A role to give: on one site (None: every site), until a moment (None: without end)."""

    role: Role
    site_id: UUID | None = None
    expires_at: datetime | None = None


async def assign_role(tx: Transaction, viewer: Viewer, *, person_id: UUID, given: GivenRole) -> UUID:
    """Gives a member a role and returns the grant's id.

    Raises NotFound, RoleHeld, ProcessingRestricted, BadInput, or a denial (self-grant, not one's own to give, no end).
    """
    require_grantable(viewer, person_id, given)
    await member_for(tx, viewer, person_id, Action.ROLE_ASSIGN, "INVITED", "ACTIVE")
    await require_processing(tx, person_id)
    grant_id = await give(tx, person_id, given)
    await record(tx, viewer.principal, "ROLE_ASSIGN", entity=("User", person_id), reason=given.role.value)
    await tell(tx, "identity.roles_changed", person_id=person_id)
    return grant_id


async def remove_role(
    tx: Transaction, viewer: Viewer, *, person_id: UUID, role: Role, site_id: UUID | None = None
) -> None:
    """Takes a role away, also one's own. Raises NotFound, SoleAdmin, or a denial."""
    viewer.require(Action.ROLE_ASSIGN)
    if person_id != viewer.person_id:
        require_grantable(viewer, person_id, GivenRole(role, site_id, viewer.now + _SOON))
    await member_for(tx, viewer, person_id, Action.ROLE_ASSIGN, "INVITED", "ACTIVE", "DEACTIVATED")
    if role is GUARDED_ROLE and site_id is None:
        await require_other_holder(tx, person_id)
    site = GrantRow.site_id.is_(None) if site_id is None else GrantRow.site_id == site_id
    here = (*_grants_of(tx, person_id), GrantRow.role == role.value, site)
    if not await tx.run(delete(GrantRow).where(*here)):
        raise NotFound(field="role")
    await record(tx, viewer.principal, "ROLE_REMOVE", entity=("User", person_id), reason=role.value)
    await tell(tx, "identity.roles_changed", person_id=person_id)


async def hand_over_admin(
    tx: Transaction, viewer: Viewer, *, person_id: UUID, expected_version: int | None = None
) -> None:
    """Another active member holds the guarded role from now on, on every site and without end, and the caller no longer does.

    Raises NotFound, StaleVersion, ProcessingRestricted, or a denial.
    """
    require_grantable(viewer, person_id, GivenRole(GUARDED_ROLE))
    row = await member_for(tx, viewer, person_id, Action.ROLE_ASSIGN, "ACTIVE")
    require_version(row.version, expected_version)
    await require_processing(tx, person_id)
    await _lock_guarded(tx)
    mine = (*_grants_of(tx, viewer.actor_id), GrantRow.role == GUARDED_ROLE.value, GrantRow.site_id.is_(None))
    if not await tx.run(delete(GrantRow).where(*mine)):
        raise NotFound(field="role")
    put = insert(GrantRow).values(_row(tx, person_id, GivenRole(GUARDED_ROLE)))
    put = put.on_conflict_do_update(
        constraint="uq_role_grants", set_={"expires_at": None, "updated_at": tx.now}
    )
    await tx.run(put)
    await record(tx, viewer.principal, "ADMIN_HAND_OVER", entity=("User", person_id))
    for changed in (person_id, viewer.actor_id):
        await tell(tx, "identity.roles_changed", person_id=changed)


async def member_for(
    tx: Transaction, viewer: Viewer, person_id: UUID, action: Action, *states: str
) -> Row[Any]:
    """The reachable membership in one of these states, locked until the transaction ends. Raises NotFound."""
    reachable = select(Person.id).where(
        Person.tenant_id == tx.tenant_id, Person.id == person_id, PEOPLE_OF_SITES.reachable(viewer, action)
    )
    wanted = select(User.id, User.status, User.account_id, User.version).where(
        User.tenant_id == tx.tenant_id, User.id == person_id, User.status.in_(states), User.id.in_(reachable)
    )
    row = await tx.first(wanted.with_for_update(of=User))
    if row is None:
        raise NotFound(field="personId")
    return row


def require_grantable(viewer: Viewer, person_id: UUID, given: GivenRole) -> None:
    """Raises BadInput for a role that no person holds, a denial for one that the caller may not give."""
    viewer.require(Action.ROLE_ASSIGN)
    if given.role not in PERSON_ROLES:
        raise BadInput("People do not hold this role.", field="role")
    if given.expires_at is not None and given.expires_at <= viewer.now:
        raise BadInput("The end lies in the past.", field="expiresAt")
    sites = None if given.site_id is None else frozenset({given.site_id})
    verdict = may_grant(
        viewer.principal, given.role, person_id, viewer.now, sites=sites, expires_at=given.expires_at
    )
    if isinstance(verdict, Denied):
        raise GrantRefused(Action.ROLE_ASSIGN, verdict.reason, field="role")


async def require_regrantable(tx: Transaction, viewer: Viewer, person_id: UUID) -> None:
    """Whoever gives access back gives every role back that is still held. Raises GrantRefused."""
    wanted = select(GrantRow.role, GrantRow.site_id, GrantRow.expires_at).where(*_grants_of(tx, person_id))
    live = or_(GrantRow.expires_at.is_(None), GrantRow.expires_at > tx.now)
    for row in await tx.all(wanted.where(live).order_by(GrantRow.id)):
        require_grantable(viewer, person_id, GivenRole(Role(row.role), row.site_id, row.expires_at))


async def give(tx: Transaction, person_id: UUID, given: GivenRole) -> UUID:
    """Writes a grant that was decided. Raises RoleHeld, NotFound for a site that is none.

    A grant that has ended gives way to the new one; a live one is taken away first, by who may.
    """
    site = GrantRow.site_id.is_(None) if given.site_id is None else GrantRow.site_id == given.site_id
    ended = (
        *_grants_of(tx, person_id),
        GrantRow.role == given.role.value,
        site,
        GrantRow.expires_at <= tx.now,
    )
    await tx.run(delete(GrantRow).where(*ended))
    row = _row(tx, person_id, given)
    try:
        written = await tx.run(
            insert(GrantRow).values(row).on_conflict_do_nothing(constraint="uq_role_grants")
        )
    except ConstraintConflict:
        raise NotFound(field="siteId") from None
    if not written:
        raise RoleHeld(field="role")
    grant_id: UUID = row["id"]
    return grant_id


async def require_other_holder(tx: Transaction, person_id: UUID) -> None:
    """Raises SoleAdmin when nobody else active would hold the guarded role on every site and without end.

    Whoever takes the role from somebody locks all its grants first, so the second of two waits and then sees what is left.
    """
    holders = await _lock_guarded(tx)
    if person_id not in holders:
        return
    others = (
        select(func.count())
        .select_from(GrantRow)
        .join(User, (User.tenant_id == GrantRow.tenant_id) & (User.id == GrantRow.person_id))
        .where(*_full_guarded(tx), GrantRow.person_id != person_id, User.status == "ACTIVE")
    )
    if not await tx.value(others):
        raise SoleAdmin


async def touch(tx: Transaction, person_id: UUID, **changes: Any) -> None:  # noqa: ANN401  column values
    """Changes a membership that the caller has locked."""
    here = (User.tenant_id == tx.tenant_id, User.id == person_id)
    changed = {"version": User.version + 1, "updated_at": tx.now, **changes}
    await tx.run(update(User).where(*here).values(changed))


async def _lock_guarded(tx: Transaction) -> set[UUID]:
    wanted = select(GrantRow.person_id).where(*_full_guarded(tx)).order_by(GrantRow.id).with_for_update()
    return {row.person_id for row in await tx.all(wanted)}


def _full_guarded(tx: Transaction) -> tuple[Any, ...]:
    return (
        GrantRow.tenant_id == tx.tenant_id,
        GrantRow.role == GUARDED_ROLE.value,
        GrantRow.site_id.is_(None),
        GrantRow.expires_at.is_(None),
    )


def _grants_of(tx: Transaction, person_id: UUID) -> tuple[Any, ...]:
    return GrantRow.tenant_id == tx.tenant_id, GrantRow.person_id == person_id


def _row(tx: Transaction, person_id: UUID, given: GivenRole) -> dict[str, Any]:
    return {
        "tenant_id": tx.tenant_id, "id": tx.new_id(), "person_id": person_id, "role": given.role.value,
        "site_id": given.site_id, "expires_at": given.expires_at, "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
