"""Making, changing and moving locations in the graph. Refuses a status, a site or anything else that follows from the place itself."""

from dataclasses import fields
from typing import Any
from uuid import UUID

import strawberry

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.classified import tells, writes
from isomod_graphql.engine.field_access import changes
from isomod_graphql.locations import service
from isomod_graphql.locations.input import LocationChanges as Changes
from isomod_graphql.locations.input import NewLocation
from permissions.categories import Category
from permissions.grants import Action
from permissions.reach import Resource
from schema.entities import LOCATION
from schema.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, USER_ERRORS, Given, must_say, rows, said
from schema.locations import Location
from schema.outcomes import UserError, outcome


@writes(
    Action.LOCATION_CREATE,
    {Category.OPERATIONAL: "name parent_id address latitude longitude time_zone idempotency_key"},
    on=Resource.LOCATION,
)
@strawberry.input(description="A site, or a place inside one.")
class CreateLocationInput:
    """Without a parent it is a site."""

    name: str = strawberry.field(description="One line of at most 200 characters.")
    parent_id: strawberry.ID | None = strawberry.field(
        default=None, description="The place that it lies in; null makes it a site."
    )
    address: str | None = strawberry.field(default=None, description="The postal address.")
    latitude: float | None = strawberry.field(
        default=None, description="Degrees north (WGS 84), together with the longitude."
    )
    longitude: float | None = strawberry.field(
        default=None, description="Degrees east (WGS 84), together with the latitude."
    )
    time_zone: str | None = strawberry.field(
        default=None,
        description="A name of the IANA time zone database; null takes the parent's, for a site the organisation's.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@changes(LOCATION)
@writes(
    Action.LOCATION_UPDATE,
    {
        Category.OPERATIONAL: (
            "location_id name address latitude longitude time_zone expected_version idempotency_key"
        )
    },
    on=Resource.LOCATION,
    row="location_id",
)
@strawberry.input(description="What is to be different. An absent field stays as it is; null removes it.")
class UpdateLocationInput:
    """The place in the tree is changed by moveLocation."""

    location_id: strawberry.ID = strawberry.field(description="The location to change.")
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="One line of at most 200 characters; cannot be removed."
    )
    address: str | None = strawberry.field(default=strawberry.UNSET, description="The postal address.")
    latitude: float | None = strawberry.field(
        default=strawberry.UNSET, description="Degrees north (WGS 84), together with the longitude."
    )
    longitude: float | None = strawberry.field(
        default=strawberry.UNSET, description="Degrees east (WGS 84), together with the latitude."
    )
    time_zone: str | None = strawberry.field(
        default=strawberry.UNSET, description="A name of the IANA time zone database; cannot be removed."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@changes(LOCATION, parent_id="parent")
@writes(
    Action.LOCATION_UPDATE,
    {Category.OPERATIONAL: "location_id parent_id expected_version idempotency_key"},
    on=Resource.LOCATION,
    row="location_id",
)
@strawberry.input(description="Where a location goes, with everything below it.")
class MoveLocationInput:
    """Assets, work orders and people follow to the new site."""

    location_id: strawberry.ID = strawberry.field(description="The location to move.")
    parent_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="The place that it will lie in; null makes it a site. It has to be said, null included.",
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@tells({Category.OPERATIONAL: "location user_errors"})
@strawberry.type(
    description="The location as it now is and as the caller may see it, or why nothing was done."
)
class LocationPayload:
    """Loaded after the change."""

    location: Location | None = strawberry.field(
        default=None, description="Null when nothing was done, or when the caller does not reach it any more."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=USER_ERRORS)


@strawberry.type
class LocationChanges:
    """Mutations of locations. Each is nullable, so that a denial takes nothing from its neighbours."""

    @strawberry.mutation(
        description="Makes a location. A site needs a grant on every site. Codes: NOT_FOUND, CONTRACT_ENDED."
    )
    async def create_location(
        self, info: strawberry.Info, input: Given[CreateLocationInput]
    ) -> LocationPayload | None:
        """At most 19 levels below its site."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            values = said(input, [one.name for one in fields(NewLocation)])
            given = NewLocation(**rows(request, values, parent_id=LOCATION))
            return await service.create_location(
                tx, request.viewer, given=given, idempotency_key=input.idempotency_key
            )

        return _payload(await outcome(request, "LOCATION_CREATE", input, LOCATION, work))

    @strawberry.mutation(
        description="Changes what is said of a location. Codes: NOT_FOUND, STALE_VERSION, CONTRACT_ENDED."
    )
    async def update_location(
        self, info: strawberry.Info, input: Given[UpdateLocationInput]
    ) -> LocationPayload | None:
        """Absent stays, null removes."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            changes: Any = said(input, Changes.__annotations__, kept=("name", "time_zone"))
            return await service.update_location(
                tx,
                request.viewer,
                location_id=request.row_id(input.location_id, LOCATION),
                changes=changes,
                expected_version=input.expected_version,
                idempotency_key=input.idempotency_key,
            )

        return _payload(await outcome(request, "LOCATION_UPDATE", input, LOCATION, work))

    @strawberry.mutation(
        description=(
            "Moves a location with everything below it. To make or end a site needs a grant on every site. "
            "Codes: CYCLE, NOT_FOUND, STALE_VERSION, CONTRACT_ENDED."
        )
    )
    async def move_location(
        self, info: strawberry.Info, input: Given[MoveLocationInput]
    ) -> LocationPayload | None:
        """Never into itself."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            must_say(input, "parent_id", "Say where to; null makes it a site.")
            place = {"location_id": input.location_id, "parent_id": input.parent_id}
            return await service.move_location(
                tx,
                request.viewer,
                **rows(request, place, location_id=LOCATION, parent_id=LOCATION),
                expected_version=input.expected_version,
                idempotency_key=input.idempotency_key,
            )

        return _payload(await outcome(request, "LOCATION_MOVE", input, LOCATION, work))


def _payload(done: tuple[Any, list[UserError]]) -> LocationPayload:
    """A view stands in for its graph type."""
    location, errors = done
    return LocationPayload(location=location, user_errors=errors)
