"""Seeing what another member sees, as a mutation: it gives the ticket for the header of the queries that follow. Changes nothing but the audit trail."""

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.classified import tells, writes
from isomod_graphql.identity.view_as import Ticket, start_view_as
from permissions.categories import Category
from permissions.grants import Action
from permissions.reach import Resource
from schema.entities import PERSON
from schema.inputs import USER_ERRORS, Given
from schema.outcomes import UserError, attempt
from schema.people import User


@writes(Action.VIEW_AS, {Category.OPERATIONAL: "user_id"}, on=Resource.PERSON)
@strawberry.input(description="As whom to look.")
class StartViewAsInput:
    """An active member, and neither oneself nor who oversees privacy."""

    user_id: strawberry.ID = strawberry.field(description="The member.")


@tells({Category.CREDENTIAL: "ticket", Category.OPERATIONAL: "until user user_errors"})
@strawberry.type(description="The beginning of a look at what another member is shown.")
class StartViewAsPayload:
    """There is nothing to end: whoever leaves the header out is back."""

    ticket: str | None = strawberry.field(
        default=None,
        description="For the header Isomod-View-As of every query that is to be answered as the member; good in this session alone.",
    )
    until: datetime | None = strawberry.field(
        default=None, description="When it is over, a quarter of an hour on."
    )
    user: User | None = strawberry.field(
        default=None, description="The member, as the caller sees him or her."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=USER_ERRORS)


@strawberry.type
class ViewAsChanges:
    """One mutation."""

    @strawberry.mutation(
        description=(
            "Lets a session see for a quarter of an hour what another member sees, as far as its own rights go: queries only, "
            "with the header Isomod-View-As. Needs VIEW_AS and a fresh proof of identity. Codes: NOT_FOUND, VIEW_AS_REFUSED."
        )
    )
    async def start_view_as(
        self, info: strawberry.Info, input: Given[StartViewAsInput]
    ) -> StartViewAsPayload | None:
        """On record with both members."""
        request = info.context
        made: list[Ticket] = []

        async def work(tx: Transaction) -> UUID:
            person_id: UUID = request.row_id(input.user_id, PERSON)
            made.append(await start_view_as(tx, request.viewer, person_id=person_id))
            return person_id

        done = await attempt(request, "VIEW_AS", input, work)
        if isinstance(done, UserError):
            return StartViewAsPayload(user_errors=[done])
        user: Any = await request.load(PERSON, done)
        return StartViewAsPayload(ticket=made[0].text, until=made[0].until, user=user)
