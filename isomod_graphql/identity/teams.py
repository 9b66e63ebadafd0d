"""Teams: who works with whom. Refuses to put oneself into one, or anybody beside people whom the caller does not reach: being in a team shows more."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from isomod_graphql.audit.service import record
from isomod_graphql.core.errors import Conflict, NotFound
from isomod_graphql.core.events import tell
from isomod_graphql.core.idempotency import remember, replayed
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.tenancy import ConstraintConflict
from isomod_graphql.core.text import fold, line
from isomod_graphql.core.versions import require_version
from isomod_graphql.engine.reach import RowScope
from isomod_graphql.engine.viewer import GrantRefused, Viewer
from isomod_graphql.identity.models import Team, TeamMember
from isomod_graphql.organisations.contract import require_contract
from isomod_graphql.subjects.models import Person
from isomod_graphql.subjects.reach import PEOPLE_OF_SITES, reached_flags, require_usable
from permissions.decisions import DenialReason
from permissions.grants import Action
from permissions.reach import Resource

TEAM_SCOPE: Final = RowScope(Resource.TEAM, Team)
LARGEST: Final = 500


class TeamNameTaken(Conflict):
    """Another team of the organisation has this name."""

    message = "Another team has this name."


class TeamFull(Conflict):
    """A team that everybody is in says nothing."""

    message = f"A team has at most {LARGEST} people."


async def create_team(
    tx: Transaction, viewer: Viewer, *, name: str, idempotency_key: str | None = None
) -> UUID:
    """Makes an empty team and returns its id. Raises TeamNameTaken, BadInput, MaskedValueRejected, ContractEnded."""
    viewer.require(Action.TEAM_MANAGE)
    await require_contract(tx)
    named = _named(name)
    done = await replayed(
        tx, principal_id=viewer.actor_id, operation="TEAM_CREATE", key=idempotency_key, given={"name": name}
    )
    if done is not None:
        return done
    team_id = tx.new_id()
    row = {
        "tenant_id": tx.tenant_id,
        "id": team_id,
        "created_at": tx.now,
        "updated_at": tx.now,
        **named,
    }
    try:
        await tx.run(insert(Team).values(row))
    except ConstraintConflict:
        raise TeamNameTaken(field="name") from None
    await record(tx, viewer.principal, "TEAM_CREATE", entity=("Team", team_id))
    await remember(
        tx, principal_id=viewer.actor_id, operation="TEAM_CREATE", key=idempotency_key, result_id=team_id
    )
    return team_id


async def rename_team(
    tx: Transaction, viewer: Viewer, *, team_id: UUID, name: str, expected_version: int | None = None
) -> UUID:
    """Gives a team another name. Raises NotFound (teamId), StaleVersion, TeamNameTaken, BadInput, ContractEnded."""
    viewer.require(Action.TEAM_MANAGE)
    await require_contract(tx)
    named = _named(name)
    stored = await _found(tx, viewer, team_id)
    require_version(stored.version, expected_version)
    changed = {**named, "version": Team.version + 1, "updated_at": tx.now}
    try:
        await tx.run(update(Team).where(*_here(tx, team_id)).values(changed))
    except ConstraintConflict:
        raise TeamNameTaken(field="name") from None
    await record(tx, viewer.principal, "TEAM_RENAME", entity=("Team", team_id), fields=["name"])
    return team_id


async def dissolve_team(
    tx: Transaction, viewer: Viewer, *, team_id: UUID, expected_version: int | None = None
) -> UUID:
    """Takes everybody off and removes the team. Raises NotFound (teamId), StaleVersion, a denial, ContractEnded."""
    viewer.require(Action.TEAM_MANAGE)
    await require_contract(tx)
    stored = await _found(tx, viewer, team_id)
    await _require_everybody(tx, viewer, team_id)
    require_version(stored.version, expected_version)
    await tx.run(delete(TeamMember).where(*_members(tx, team_id)))
    await tx.run(delete(Team).where(*_here(tx, team_id)))
    await record(tx, viewer.principal, "TEAM_DISSOLVE", entity=("Team", team_id))
    return team_id


async def put_on_team(tx: Transaction, viewer: Viewer, *, team_id: UUID, person_id: UUID) -> UUID:
    """Puts a person into a team; whoever is in it already stays. Returns the person's id.

    Raises NotFound (teamId, personId), ProcessingRestricted, TeamFull, ContractEnded, or a denial: oneself, or beside people
    whom the caller does not reach.
    """
    viewer.require(Action.TEAM_MANAGE)
    await require_contract(tx)
    if person_id == viewer.person_id:
        raise GrantRefused(Action.TEAM_MANAGE, DenialReason.SELF_GRANT, field="personId")
    await _found(tx, viewer, team_id)
    flags = await reached_flags(tx, viewer, person_id, action=Action.TEAM_MANAGE, field="personId")
    await _require_everybody(tx, viewer, team_id)
    require_usable(flags, field="personId", told=True)
    if await tx.value(select(func.count()).select_from(TeamMember).where(*_members(tx, team_id))) >= LARGEST:
        raise TeamFull(field="teamId")
    row = {"tenant_id": tx.tenant_id, "team_id": team_id, "person_id": person_id}
    if await tx.run(upsert(TeamMember).values(row).on_conflict_do_nothing()):
        await record(tx, viewer.principal, "TEAM_PUT_ON", entity=("Person", person_id), fields=["teams"])
        await tell(tx, "team.changed", team_id=team_id, person_id=person_id)
    return person_id


async def take_off_team(tx: Transaction, viewer: Viewer, *, team_id: UUID, person_id: UUID) -> UUID:
    """Takes a person out of a team, oneself too. Returns the person's id. Raises NotFound (teamId, personId), ContractEnded."""
    viewer.require(Action.TEAM_MANAGE)
    await require_contract(tx)
    await _found(tx, viewer, team_id)
    reached = select(Person.id).where(
        Person.tenant_id == tx.tenant_id,
        Person.id == person_id,
        PEOPLE_OF_SITES.reachable(viewer, Action.TEAM_MANAGE),
    )
    gone = delete(TeamMember).where(*_members(tx, team_id), TeamMember.person_id.in_(reached))
    if not await tx.run(gone):
        raise NotFound(field="personId")
    await record(tx, viewer.principal, "TEAM_TAKE_OFF", entity=("Person", person_id), fields=["teams"])
    await tell(tx, "team.changed", team_id=team_id, person_id=person_id)
    return person_id


async def leave_teams(tx: Transaction, person_id: UUID) -> None:
    """Of somebody who is gone: no team of his or hers is left."""
    mine = (TeamMember.tenant_id == tx.tenant_id, TeamMember.person_id == person_id)
    await tx.run(delete(TeamMember).where(*mine))


async def _require_everybody(tx: Transaction, viewer: Viewer, team_id: UUID) -> None:
    """The people of a team see more of each other: only who reaches them all may change who they are."""
    reached = select(Person.id).where(
        Person.tenant_id == tx.tenant_id, PEOPLE_OF_SITES.reachable(viewer, Action.TEAM_MANAGE)
    )
    beyond = select(TeamMember.person_id).where(*_members(tx, team_id), TeamMember.person_id.not_in(reached))
    if await tx.value(beyond.limit(1)) is not None:
        raise GrantRefused(Action.TEAM_MANAGE, DenialReason.SITES, field="teamId")


async def _found(tx: Transaction, viewer: Viewer, team_id: UUID) -> Row[Any]:
    """The team, locked until the transaction ends. Raises NotFound."""
    wanted = select(Team.version).where(*_here(tx, team_id), TEAM_SCOPE.reachable(viewer, Action.TEAM_MANAGE))
    row = await tx.first(wanted.with_for_update(of=Team))
    if row is None:
        raise NotFound(field="teamId")
    return row


def _named(name: str) -> dict[str, str]:
    checked = line(name, field="name")
    return {"name": checked, "name_key": fold(checked)}


def _here(tx: Transaction, team_id: UUID) -> tuple[Any, ...]:
    return Team.tenant_id == tx.tenant_id, Team.id == team_id


def _members(tx: Transaction, team_id: UUID) -> tuple[Any, ...]:
    return TeamMember.tenant_id == tx.tenant_id, TeamMember.team_id == team_id
