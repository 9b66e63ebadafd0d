"""Making teams and saying who is in them. Refuses a list of people: each is put in or taken out by a mutation of its own."""

from typing import Any
from uuid import UUID

import strawberry

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.classified import tells, writes
from isomod_graphql.engine.field_access import changes
from isomod_graphql.identity import teams
from permissions.categories import Category
from permissions.grants import Action
from permissions.reach import Resource
from schema.entities import PERSON, TEAM
from schema.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, USER_ERRORS, Given
from schema.outcomes import UserError, attempt, outcome
from schema.people import Person
from schema.teams import Team

NAME = "One line of at most 200 characters that no other team has."


@writes(Action.TEAM_MANAGE, {Category.OPERATIONAL: "name idempotency_key"}, on=Resource.TEAM)
@strawberry.input(description="A team without anybody in it.")
class CreateTeamInput:
    """People come one by one."""

    name: str = strawberry.field(description=NAME)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@changes(TEAM)
@writes(
    Action.TEAM_MANAGE,
    {Category.OPERATIONAL: "team_id name expected_version"},
    on=Resource.TEAM,
    row="team_id",
)
@strawberry.input(description="What a team is called from now on.")
class RenameTeamInput:
    """The people stay."""

    team_id: strawberry.ID = strawberry.field(description="The team.")
    name: str = strawberry.field(description=NAME)
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@writes(
    Action.TEAM_MANAGE,
    {Category.OPERATIONAL: "team_id expected_version"},
    on=Resource.TEAM,
    row="team_id",
)
@strawberry.input(description="Which team is no more.")
class DissolveTeamInput:
    """For good."""

    team_id: strawberry.ID = strawberry.field(description="The team.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@changes(PERSON, team_id="teams")
@writes(
    Action.TEAM_MANAGE,
    {Category.IDENTITY: "team_id person_id"},
    on=Resource.PERSON,
)
@strawberry.input(description="Who comes into a team, or leaves it.")
class TeamMemberInput:
    """A second time changes nothing."""

    team_id: strawberry.ID = strawberry.field(description="The team.")
    person_id: strawberry.ID = strawberry.field(description="The person.")


@tells({Category.OPERATIONAL: "team user_errors"})
@strawberry.type(description="The team as it now is, or why nothing was done.")
class TeamPayload:
    """Loaded after the change."""

    team: Team | None = strawberry.field(default=None, description="Null when nothing was done.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=USER_ERRORS)


@tells({Category.OPERATIONAL: "user_errors"})
@strawberry.type(description="Why the team is still there, if it is.")
class DissolveTeamPayload:
    """There is nothing left to show."""

    user_errors: list[UserError] = strawberry.field(default_factory=list, description=USER_ERRORS)


@tells({Category.OPERATIONAL: "person user_errors"})
@strawberry.type(description="The person as the caller may see it, or why nothing was done.")
class TeamMemberPayload:
    """Loaded after the change."""

    person: Person | None = strawberry.field(
        default=None,
        description="Null when nothing was done, or when the caller does not reach the person any more.",
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=USER_ERRORS)


@strawberry.type
class TeamChanges:
    """Mutations of teams. Each is nullable, so that a denial takes nothing from its neighbours."""

    @strawberry.mutation(description="Makes a team. Codes: CONFLICT (the name), CONTRACT_ENDED.")
    async def create_team(self, info: strawberry.Info, input: Given[CreateTeamInput]) -> TeamPayload | None:
        """Empty."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            return await teams.create_team(
                tx, request.viewer, name=input.name, idempotency_key=input.idempotency_key
            )

        return _team(await outcome(request, "TEAM_CREATE", input, TEAM, work))

    @strawberry.mutation(
        description="Renames a team. Codes: NOT_FOUND, STALE_VERSION, CONFLICT (the name), CONTRACT_ENDED."
    )
    async def rename_team(self, info: strawberry.Info, input: Given[RenameTeamInput]) -> TeamPayload | None:
        """The people stay."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            request.viewer.require(Action.TEAM_MANAGE)
            return await teams.rename_team(
                tx, request.viewer, team_id=_team_id(info, input.team_id), name=input.name,
                expected_version=input.expected_version,
            )  # fmt: skip

        return _team(await outcome(request, "TEAM_RENAME", input, TEAM, work))

    @strawberry.mutation(
        description=(
            "Takes everybody out of a team and removes it. Needs to reach everybody in it. "
            "Codes: NOT_FOUND, STALE_VERSION, GRANT_REFUSED, CONTRACT_ENDED."
        )
    )
    async def dissolve_team(
        self, info: strawberry.Info, input: Given[DissolveTeamInput]
    ) -> DissolveTeamPayload | None:
        """For good."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            request.viewer.require(Action.TEAM_MANAGE)
            return await teams.dissolve_team(
                tx,
                request.viewer,
                team_id=_team_id(info, input.team_id),
                expected_version=input.expected_version,
            )

        done = await attempt(request, "TEAM_DISSOLVE", input, work)
        return DissolveTeamPayload(user_errors=[done] if isinstance(done, UserError) else [])

    @strawberry.mutation(
        description=(
            "Puts a person into a team: its people see more of each other. Never oneself, and only who reaches everybody in "
            "it. Codes: NOT_FOUND, GRANT_REFUSED, PROCESSING_RESTRICTED, CONFLICT (a team of 500), CONTRACT_ENDED."
        )
    )
    async def put_on_team(
        self, info: strawberry.Info, input: Given[TeamMemberInput]
    ) -> TeamMemberPayload | None:
        """A second time changes nothing."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            request.viewer.require(Action.TEAM_MANAGE)
            return await teams.put_on_team(
                tx,
                request.viewer,
                team_id=_team_id(info, input.team_id),
                person_id=_person_id(info, input.person_id),
            )

        return _member(await outcome(request, "TEAM_PUT_ON", input, PERSON, work))

    @strawberry.mutation(
        description="Takes a person out of a team, oneself too. Codes: NOT_FOUND, CONTRACT_ENDED."
    )
    async def take_off_team(
        self, info: strawberry.Info, input: Given[TeamMemberInput]
    ) -> TeamMemberPayload | None:
        """From the next request on."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            request.viewer.require(Action.TEAM_MANAGE)
            return await teams.take_off_team(
                tx,
                request.viewer,
                team_id=_team_id(info, input.team_id),
                person_id=_person_id(info, input.person_id),
            )

        return _member(await outcome(request, "TEAM_TAKE_OFF", input, PERSON, work))


def _team_id(info: strawberry.Info, text: str) -> UUID:
    found: UUID = info.context.row_id(text, TEAM)
    return found


def _person_id(info: strawberry.Info, text: str) -> UUID:
    found: UUID = info.context.row_id(text, PERSON)
    return found


def _team(done: tuple[Any, list[UserError]]) -> TeamPayload:
    team, errors = done
    return TeamPayload(team=team, user_errors=errors)


def _member(done: tuple[Any, list[UserError]]) -> TeamMemberPayload:
    person, errors = done
    return TeamMemberPayload(person=person, user_errors=errors)
