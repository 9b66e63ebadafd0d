"""Who belongs to an organisation: invited, deactivated, taken back, gone. Refuses to leave it without somebody who can run it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from isomod_graphql.audit.service import record
from isomod_graphql.core.directory import Kind, forget
from isomod_graphql.core.errors import BadInput, NotFound
from isomod_graphql.core.events import tell
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.tenancy import ConstraintConflict
from isomod_graphql.core.text import line, line_or_none
from isomod_graphql.core.versions import require_version
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.errors import AlreadyMember
from isomod_graphql.identity.models import ApiToken, GrantRow, User
from isomod_graphql.identity.roles import (
    GivenRole,
    give,
    member_for,
    require_grantable,
    require_other_holder,
    require_regrantable,
    touch,
)
from isomod_graphql.identity.teams import leave_teams
from isomod_graphql.organisations.contract import require_contract
from isomod_graphql.subjects.addresses import checked_email
from isomod_graphql.subjects.service import create_person, person_with_email, require_processing
from permissions.grants import PERSON_KIND, Action


async def invite_user(
    tx: Transaction,
    viewer: Viewer,
    *,
    email: str,
    name: str,
    roles: Sequence[GivenRole],
    job_title: str | None = None,
    locale: str | None = None,
    site_id: UUID | None = None,
) -> UUID:
    """Invites somebody by e-mail and returns the person's id; a known contact with this address becomes the member.

    Raises AlreadyMember, BadInput, MaskedValueRejected, ContractEnded, ProcessingRestricted, or a denial for a role.
    """
    viewer.require(Action.USER_INVITE)
    for given in roles:
        require_grantable(viewer, tx.new_id(), given)
    await require_contract(tx)
    values = {
        "email": checked_email(email), "name": line(name, field="name"),
        "job_title": line_or_none(job_title, field="jobTitle"), "locale": line_or_none(locale, field="locale"),
    }  # fmt: skip
    if not roles:
        raise BadInput("A member has at least one role.", field="roles")
    person_id = await add_member(tx, values=values, roles=roles, site_id=site_id)
    await record(tx, viewer.principal, "USER_INVITE", entity=("User", person_id), fields=values)
    return person_id


async def add_member(
    tx: Transaction, *, values: dict[str, str | None], roles: Sequence[GivenRole], site_id: UUID | None = None
) -> UUID:
    """Writes a membership that was decided, and tells that a letter is due. Raises AlreadyMember, ProcessingRestricted."""
    person_id = await person_with_email(tx, values["email"] or "")
    if person_id is None:
        kind = PERSON_KIND[roles[0].role]
        try:
            person_id = await create_person(tx, kind=kind, values=values, site_id=site_id)
        except ConstraintConflict:
            raise NotFound(field="siteId") from None
    await require_processing(tx, person_id)
    row = {
        "tenant_id": tx.tenant_id, "id": person_id, "status": "INVITED", "access_since": tx.now,
        "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    try:
        await tx.run(insert(User).values(row))
    except ConstraintConflict:
        raise AlreadyMember(field="email") from None
    for given in roles:
        await give(tx, person_id, given)
    await tell(tx, "identity.invitation", person_id=person_id)
    return person_id


async def invite_again(
    tx: Transaction, viewer: Viewer, *, person_id: UUID, expected_version: int | None = None
) -> None:
    """Another letter for somebody who has not come yet, or who left.

    Raises NotFound, StaleVersion, ProcessingRestricted, or a denial for a role that the person holds.
    """
    viewer.require(Action.USER_INVITE)
    await require_contract(tx)
    row = await member_for(tx, viewer, person_id, Action.USER_INVITE, "INVITED", "LEFT")
    await require_regrantable(tx, viewer, person_id)
    require_version(row.version, expected_version)
    await require_processing(tx, person_id)
    if row.status != "INVITED":
        await touch(tx, person_id, status="INVITED", access_since=tx.now)
    await record(tx, viewer.principal, "USER_INVITE", entity=("User", person_id))
    await tell(tx, "identity.invitation", person_id=person_id)


async def deactivate_user(
    tx: Transaction, viewer: Viewer, *, person_id: UUID, expected_version: int | None = None
) -> None:
    """Ends somebody's access here at once, sessions and tokens included. Raises NotFound, SoleAdmin, StaleVersion."""
    viewer.require(Action.USER_DEACTIVATE)
    row = await member_for(tx, viewer, person_id, Action.USER_DEACTIVATE, "INVITED", "ACTIVE")
    require_version(row.version, expected_version)
    await require_other_holder(tx, person_id)
    await _end_access(tx, person_id, status="DEACTIVATED")
    await record(tx, viewer.principal, "USER_DEACTIVATE", entity=("User", person_id), fields=["status"])


async def reactivate_user(
    tx: Transaction, viewer: Viewer, *, person_id: UUID, expected_version: int | None = None
) -> None:
    """Gives access back with the roles of before; credentials of before stay dead.

    Raises NotFound, StaleVersion, ProcessingRestricted, or a denial for a role that the caller may not give.
    """
    viewer.require(Action.USER_DEACTIVATE)
    await require_contract(tx)
    row = await member_for(tx, viewer, person_id, Action.USER_DEACTIVATE, "DEACTIVATED")
    await require_regrantable(tx, viewer, person_id)
    require_version(row.version, expected_version)
    await require_processing(tx, person_id)
    status = "INVITED" if row.account_id is None else "ACTIVE"
    await touch(tx, person_id, status=status, access_since=tx.now)
    await record(tx, viewer.principal, "USER_REACTIVATE", entity=("User", person_id), fields=["status"])
    if row.account_id is None:
        await tell(tx, "identity.invitation", person_id=person_id)


async def leave_tenant(tx: Transaction, viewer: Viewer) -> None:
    """The caller leaves; the account and other memberships stay. Raises SoleAdmin, NotFound."""
    viewer.require(Action.SESSION_MANAGE)
    person_id = viewer.actor_id
    wanted = select(User.id).where(
        User.tenant_id == tx.tenant_id, User.id == person_id, User.status == "ACTIVE"
    )
    if await tx.value(wanted.with_for_update()) is None:
        raise NotFound
    await seclude(tx, person_id)
    await record(tx, viewer.principal, "USER_LEAVE", entity=("User", person_id), fields=["status"])


async def seclude(tx: Transaction, person_id: UUID) -> None:
    """Ends a membership for good: no access, no roles, no link to the account. For leaving and for erasure.

    Somebody who is no member leaves the teams and nothing else. Raises SoleAdmin.
    """
    await leave_teams(tx, person_id)
    here = (User.tenant_id == tx.tenant_id, User.id == person_id)
    if await tx.value(select(User.id).where(*here).with_for_update()) is None:
        return
    await require_other_holder(tx, person_id)
    await _end_access(tx, person_id, status="LEFT", account_id=None)
    await tx.run(delete(GrantRow).where(GrantRow.tenant_id == tx.tenant_id, GrantRow.person_id == person_id))


async def _end_access(tx: Transaction, person_id: UUID, **changes: Any) -> None:  # noqa: ANN401  column values
    """Sessions of the platform die of `access_since`; the tokens are here and are revoked one by one."""
    await touch(tx, person_id, access_since=tx.now, **changes)
    here = (
        ApiToken.tenant_id == tx.tenant_id,
        ApiToken.person_id == person_id,
        ApiToken.revoked_at.is_(None),
    )
    revoked = update(ApiToken).where(*here).values(revoked_at=tx.now, updated_at=tx.now)
    for row in await tx.all(revoked.returning(ApiToken.id, ApiToken.secret_hash)):
        await forget(tx, Kind.TOKEN, bytes(row.secret_hash), row.id)
    await tell(tx, "identity.membership_ended", person_id=person_id)
