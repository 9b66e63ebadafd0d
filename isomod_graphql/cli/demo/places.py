"""The sites and the equipment of a demo organisation as rows. It refuses a machine whose place it does not know."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from isomod_graphql.assets.models import AssetCriticality, AssetStatus
from isomod_graphql.cli.demo.companies import Company, Machine, Place, Site
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.text import fold

ZONE = "Europe/Brussels"
ODD_STATUS = {
    3: AssetStatus.STANDBY,
    11: AssetStatus.DOWN,
    17: AssetStatus.INSPECTION_SCHEDULED,
    23: AssetStatus.MODERNIZATION,
}
"""Every so many machines one does not simply run."""


@dataclass(slots=True)
class Premises:
    """The rows, and where things are by name."""

    locations: list[dict[str, Any]] = field(default_factory=list)
    assets: list[dict[str, Any]] = field(default_factory=list)
    sites: dict[str, UUID] = field(default_factory=dict)
    places: dict[str, tuple[UUID, UUID]] = field(default_factory=dict)
    """The location and its site."""
    kinds: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    """The machines that work is done on, and what kind each is."""


def premises_of(company: Company, opened: datetime, dice: random.Random) -> Premises:
    """Everything as it was set up on the day the organisation came. Raises KeyError for a place without a site."""
    premises = Premises()
    for site in company.sites:
        _add_site(premises, site, opened)
    for place, machines in company.machines.items():
        for machine in machines:
            _add_machine(premises, place, machine, opened, dice)
    return premises


def _add_site(premises: Premises, site: Site, at: datetime) -> None:
    site_id = new_id(at)
    premises.sites[site.name] = site_id
    row = location_row(site_id, None, site_id, 0, site.name, at)
    premises.locations.append(
        row | {"address": site.address, "latitude": site.latitude, "longitude": site.longitude}
    )
    for place in site.places:
        premises.locations.extend(_below(premises, place, site_id, site_id, 1, at))


def _below(
    premises: Premises, place: Place, parent_id: UUID, site_id: UUID, depth: int, at: datetime
) -> Iterator[dict[str, Any]]:
    location_id = new_id(at)
    premises.places[place.name] = location_id, site_id
    yield location_row(location_id, parent_id, site_id, depth, place.name, at)
    for child in place.below:
        yield from _below(premises, child, location_id, site_id, depth + 1, at)


def location_row(
    location_id: UUID, parent_id: UUID | None, site_id: UUID, depth: int, name: str, at: datetime
) -> dict[str, Any]:
    """A location without an address."""
    return {
        "id": location_id, "parent_id": parent_id, "site_id": site_id, "depth": depth, "name": name, "name_key": fold(name),
        "address": None, "latitude": None, "longitude": None, "time_zone": ZONE, "created_at": at, "updated_at": at,
    }  # fmt: skip


def _add_machine(premises: Premises, place: str, machine: Machine, at: datetime, dice: random.Random) -> None:
    location_id, site_id = premises.places[place]
    tag = f"{machine.kind[:3]}-{len(premises.assets) + 1:03d}"
    number = len(premises.kinds) + 1
    row = asset_row(new_id(at), location_id, site_id, machine.name, at) | {
        "tag": tag, "manufacturer": machine.manufacturer, "model": machine.model, "serial_number": serial(machine.manufacturer, dice),
        "status": next((status for every, status in ODD_STATUS.items() if number % every == 0 and number > every), AssetStatus.OPERATIONAL),
        "criticality": dice.choice(list(AssetCriticality)),
    }  # fmt: skip
    premises.assets.append(row)
    premises.kinds.append((row, machine.kind))
    for position, (name, manufacturer, model) in enumerate(machine.parts, 1):
        part = asset_row(new_id(at), location_id, site_id, name, at) | {
            "parent_id": row["id"], "tag": f"{tag}.{position}", "manufacturer": manufacturer, "model": model,
            "serial_number": serial(manufacturer, dice),
        }  # fmt: skip
        premises.assets.append(part)


def asset_row(asset_id: UUID, location_id: UUID, site_id: UUID, name: str, at: datetime) -> dict[str, Any]:
    """An asset of which little is known; the columns are always the same ones."""
    return {
        "id": asset_id, "parent_id": None, "location_id": location_id, "site_id": site_id, "name": name,
        "name_key": fold(name), "tag": None, "serial_number": None, "manufacturer": None, "model": None,
        "status": AssetStatus.OPERATIONAL, "criticality": AssetCriticality.MEDIUM, "custodian_id": None,
        "created_at": at, "updated_at": at,
    }  # fmt: skip


def serial(manufacturer: str, dice: random.Random) -> str:
    """Two letters of the maker, the year, six digits."""
    letters = "".join(sign for sign in manufacturer.upper() if sign.isascii() and sign.isalpha())[:2]
    return f"{letters}{dice.randint(12, 25)}-{dice.randint(100_000, 999_999)}"
