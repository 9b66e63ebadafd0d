"""What may be said of an asset: checked values, ready to be stored. Refuses masks, nameless things and endless text."""

from dataclasses import dataclass
from typing import Any, TypedDict
from uuid import UUID

from isomod_graphql.assets.models import AssetCriticality, AssetStatus
from isomod_graphql.core.text import MAX_CODE_CHARS, fold, line, line_or_none, note


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAsset:
    """Equipment to be recorded; with a parent it is a component of it."""

    name: str
    location_id: UUID
    parent_id: UUID | None = None
    tag: str | None = None
    serial_number: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    status: AssetStatus = AssetStatus.OPERATIONAL
    criticality: AssetCriticality = AssetCriticality.MEDIUM
    custodian_id: UUID | None = None
    description: str | None = None


class AssetChanges(TypedDict, total=False):
    """What is to be different; what is not named stays."""

    name: str
    tag: str | None
    serial_number: str | None
    manufacturer: str | None
    model: str | None
    status: AssetStatus
    criticality: AssetCriticality
    custodian_id: UUID | None
    description: str | None


def checked_columns(said: AssetChanges) -> dict[str, Any]:
    """The columns to be written. Raises BadInput, MaskedValueRejected."""
    columns: dict[str, Any] = {}
    if "name" in said:
        name = line(said["name"], field="name")
        columns |= {"name": name, "name_key": fold(name)}
    if "tag" in said:
        columns["tag"] = line_or_none(said["tag"], field="tag", longest=MAX_CODE_CHARS)
    if "serial_number" in said:
        columns["serial_number"] = line_or_none(said["serial_number"], field="serialNumber")
    if "manufacturer" in said:
        columns["manufacturer"] = line_or_none(said["manufacturer"], field="manufacturer")
    if "model" in said:
        columns["model"] = line_or_none(said["model"], field="model")
    if "status" in said:
        columns["status"] = said["status"].value
    if "criticality" in said:
        columns["criticality"] = said["criticality"].value
    if "custodian_id" in said:
        columns["custodian_id"] = said["custodian_id"]
    if "description" in said:
        columns["description"] = note(said["description"], field="description")
    return columns


def said_of(given: NewAsset) -> AssetChanges:
    """Everything that is said of a new asset, apart from its place."""
    return AssetChanges(
        name=given.name,
        tag=given.tag,
        serial_number=given.serial_number,
        manufacturer=given.manufacturer,
        model=given.model,
        status=given.status,
        criticality=given.criticality,
        custodian_id=given.custodian_id,
        description=given.description,
    )
