"""What may be said of a location: checked values, ready to be stored. Refuses places off the globe and unknown time zones."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypedDict
from uuid import UUID
from zoneinfo import available_timezones

from isomod_graphql.core.errors import BadInput
from isomod_graphql.core.text import fold, line, note


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLocation:
    """A place to be made; without a parent it is a site, without a time zone it has its parent's."""

    name: str
    parent_id: UUID | None = None
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    time_zone: str | None = None


class LocationChanges(TypedDict, total=False):
    """What is to be different; what is not named stays."""

    name: str
    address: str | None
    latitude: float | None
    longitude: float | None
    time_zone: str


def named(name: str) -> dict[str, Any]:
    """The name and its key. Raises BadInput, MaskedValueRejected."""
    checked = line(name, field="name")
    return {"name": checked, "name_key": fold(checked)}


def checked_position(latitude: float | None, longitude: float | None) -> tuple[float | None, float | None]:
    """Both coordinates in degrees (WGS 84) or none. Raises BadInput."""
    if (latitude is None) != (longitude is None):
        raise BadInput(
            "A position has a latitude and a longitude.",
            field="latitude" if latitude is None else "longitude",
        )
    for field, degrees, most in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        if degrees is not None and not -most <= degrees <= most:
            raise BadInput(f"The {field} lies between -{most} and {most}.", field=field)
    return latitude, longitude


def checked_zone(name: str) -> str:
    """The name of a zone in the IANA time zone database. Raises BadInput."""
    if name not in _zones():
        raise BadInput("The time zone is not known.", field="timeZone")
    return name


def checked_changes(changes: LocationChanges, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The columns to be written. Raises BadInput, MaskedValueRejected."""
    columns: dict[str, Any] = {}
    if "name" in changes:
        columns |= named(changes["name"])
    if "address" in changes:
        columns["address"] = note(changes["address"], field="address")
    if "latitude" in changes or "longitude" in changes:
        latitude, longitude = checked_position(
            changes.get("latitude", stored["latitude"]), changes.get("longitude", stored["longitude"])
        )
        columns |= {"latitude": latitude, "longitude": longitude}
    if "time_zone" in changes:
        columns["time_zone"] = checked_zone(changes["time_zone"])
    return columns


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
