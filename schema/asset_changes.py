"""Recording, changing and moving assets in the graph. Refuses to move an asset by an update: its place has a verb of its own."""

from dataclasses import fields
from typing import Any
from uuid import UUID

import strawberry

from isomod_graphql.assets import models, service
from isomod_graphql.assets.input import AssetChanges as Changes
from isomod_graphql.assets.input import NewAsset
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.classified import tells, writes
from isomod_graphql.engine.field_access import changes
from permissions.categories import Category
from permissions.grants import Action
from permissions.reach import Resource
from schema.assets import Asset
from schema.entities import ASSET, LOCATION, PERSON
from schema.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, USER_ERRORS, Given, must_say, rows, said
from schema.outcomes import UserError, outcome

NAME = "One line of at most 200 characters."
TAG = "The code on its label, at most 100 characters; no two assets share one."
CUSTODIAN = "The person who answers for it."


@writes(
    Action.ASSET_CREATE,
    {
        Category.EQUIPMENT: (
            "name location_id parent_id tag serial_number manufacturer model status criticality"
        ),
        Category.NOTES: "description",
        Category.OPERATIONAL: "custodian_id idempotency_key",
    },
    on=Resource.ASSET,
)
@strawberry.input(description="Equipment to be recorded.")
class CreateAssetInput:
    """With a parent it is a part of it."""

    name: str = strawberry.field(description=NAME)
    location_id: strawberry.ID = strawberry.field(description="Where it stands.")
    parent_id: strawberry.ID | None = strawberry.field(
        default=None, description="The assembly that it is a part of, on the same site."
    )
    tag: str | None = strawberry.field(default=None, description=TAG)
    serial_number: str | None = strawberry.field(
        default=None, description="The manufacturer's serial number."
    )
    manufacturer: str | None = strawberry.field(default=None, description="Who made it.")
    model: str | None = strawberry.field(default=None, description="The manufacturer's name of the model.")
    status: models.AssetStatus = strawberry.field(
        default=models.AssetStatus.OPERATIONAL, description="Whether it can be used."
    )
    criticality: models.AssetCriticality = strawberry.field(
        default=models.AssetCriticality.MEDIUM, description="How much depends on it."
    )
    custodian_id: strawberry.ID | None = strawberry.field(default=None, description=CUSTODIAN)
    description: str | None = strawberry.field(default=None, description="Free text.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@changes(ASSET, custodian_id="custodian")
@writes(
    Action.ASSET_UPDATE,
    {
        Category.EQUIPMENT: "name tag serial_number manufacturer model status criticality",
        Category.NOTES: "description",
        Category.OPERATIONAL: "asset_id custodian_id expected_version idempotency_key",
    },
    on=Resource.ASSET,
    row="asset_id",
)
@strawberry.input(description="What is to be different. An absent field stays as it is; null removes it.")
class UpdateAssetInput:
    """The place is changed by moveAsset."""

    asset_id: strawberry.ID = strawberry.field(description="The asset to change.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description=NAME + " It cannot be removed.")
    tag: str | None = strawberry.field(default=strawberry.UNSET, description=TAG)
    serial_number: str | None = strawberry.field(
        default=strawberry.UNSET, description="The manufacturer's serial number."
    )
    manufacturer: str | None = strawberry.field(default=strawberry.UNSET, description="Who made it.")
    model: str | None = strawberry.field(
        default=strawberry.UNSET, description="The manufacturer's name of the model."
    )
    status: models.AssetStatus | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it can be used; cannot be removed."
    )
    criticality: models.AssetCriticality | None = strawberry.field(
        default=strawberry.UNSET, description="How much depends on it; cannot be removed."
    )
    custodian_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description=CUSTODIAN)
    description: str | None = strawberry.field(default=strawberry.UNSET, description="Free text.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@changes(ASSET, location_id="location", parent_id="parent")
@writes(
    Action.ASSET_UPDATE,
    {
        Category.EQUIPMENT: "location_id parent_id",
        Category.OPERATIONAL: "asset_id expected_version idempotency_key",
    },
    on=Resource.ASSET,
    row="asset_id",
)
@strawberry.input(description="Where an asset goes, with the parts that stand beside it.")
class MoveAssetInput:
    """Work orders stay where the work is."""

    asset_id: strawberry.ID = strawberry.field(description="The asset to move.")
    location_id: strawberry.ID = strawberry.field(description="Where it will stand.")
    parent_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The assembly that it will be a part of, on the same site; null: of none. It has to be said, null included."
        ),
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@tells({Category.OPERATIONAL: "asset user_errors"})
@strawberry.type(description="The asset as it now is and as the caller may see it, or why nothing was done.")
class AssetPayload:
    """Loaded after the change."""

    asset: Asset | None = strawberry.field(
        default=None, description="Null when nothing was done, or when the caller does not reach it any more."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=USER_ERRORS)


@strawberry.type
class AssetChanges:
    """Mutations of assets. Each is nullable, so that a denial takes nothing from its neighbours."""

    @strawberry.mutation(
        description="Records an asset. Codes: NOT_FOUND, CONFLICT (tag), PROCESSING_RESTRICTED, CONTRACT_ENDED."
    )
    async def create_asset(
        self, info: strawberry.Info, input: Given[CreateAssetInput]
    ) -> AssetPayload | None:
        """Stands at a location."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            values = said(input, [one.name for one in fields(NewAsset)])
            values = rows(request, values, location_id=LOCATION, parent_id=ASSET, custodian_id=PERSON)
            return await service.create_asset(
                tx, request.viewer, given=NewAsset(**values), idempotency_key=input.idempotency_key
            )

        return _payload(await outcome(request, "ASSET_CREATE", input, ASSET, work))

    @strawberry.mutation(
        description=(
            "Changes what is said of an asset. "
            "Codes: NOT_FOUND, STALE_VERSION, CONFLICT (tag), PROCESSING_RESTRICTED, CONTRACT_ENDED."
        )
    )
    async def update_asset(
        self, info: strawberry.Info, input: Given[UpdateAssetInput]
    ) -> AssetPayload | None:
        """Absent stays, null removes."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            told = said(input, Changes.__annotations__, kept=("name", "status", "criticality"))
            changes: Any = rows(request, told, custodian_id=PERSON)
            return await service.update_asset(
                tx,
                request.viewer,
                asset_id=request.row_id(input.asset_id, ASSET),
                changes=changes,
                expected_version=input.expected_version,
                idempotency_key=input.idempotency_key,
            )

        return _payload(await outcome(request, "ASSET_UPDATE", input, ASSET, work))

    @strawberry.mutation(
        description="Moves an asset. Codes: CYCLE, NOT_FOUND, BAD_USER_INPUT (another site), STALE_VERSION, CONTRACT_ENDED."
    )
    async def move_asset(self, info: strawberry.Info, input: Given[MoveAssetInput]) -> AssetPayload | None:
        """Never into its own parts."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            must_say(input, "parent_id", "Say what it will be a part of; null for nothing.")
            place = {
                "asset_id": input.asset_id, "location_id": input.location_id, "parent_id": input.parent_id,
            }  # fmt: skip
            return await service.move_asset(
                tx,
                request.viewer,
                **rows(request, place, asset_id=ASSET, location_id=LOCATION, parent_id=ASSET),
                expected_version=input.expected_version,
                idempotency_key=input.idempotency_key,
            )

        return _payload(await outcome(request, "ASSET_MOVE", input, ASSET, work))


def _payload(done: tuple[Any, list[UserError]]) -> AssetPayload:
    """A view stands in for its graph type."""
    asset, errors = done
    return AssetPayload(asset=asset, user_errors=errors)
