"""The shape of a demo organisation: sites, equipment, people and the work that comes up. It refuses to hold any of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from isomod_graphql.work_orders.rules import WorkOrderType
from permissions.principals import Role


class Place(NamedTuple):
    """A part of a site, and the parts of it."""

    name: str
    below: tuple["Place", ...] = ()


class Site(NamedTuple):
    """A root location."""

    name: str
    address: str
    latitude: float
    longitude: float
    places: tuple[Place, ...]


class Machine(NamedTuple):
    """Equipment; `kind` says what can be wrong with it, `parts` are its components: name, manufacturer, model."""

    kind: str
    name: str
    manufacturer: str
    model: str
    parts: tuple[tuple[str, str, str], ...] = ()


class Colleague(NamedTuple):
    """Somebody; without a role a contact who cannot sign in. `site` is a site's name, None the whole organisation."""

    name: str
    job_title: str
    role: Role | None
    site: str | None
    address: str
    mail_host: str | None = None
    """Of another company than the organisation's own."""


class Job(NamedTuple):
    """Work as it comes up again and again."""

    title: str
    type: WorkOrderType
    description: str
    resolution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """One organisation of the demo. Words of the history are chosen from the tuples."""

    slug: str
    name: str
    locale: str
    mail_host: str
    phones: str
    """What the numbers of its people begin with; four digits follow."""
    sites: tuple[Site, ...]
    machines: Mapping[str, tuple[Machine, ...]]
    """By the name of the place."""
    people: tuple[Colleague, ...]
    jobs: Mapping[str, tuple[Job, ...]]
    """By the kind of machine."""
    holds: tuple[str, ...]
    cancellations: tuple[str, ...]
    reopenings: tuple[str, ...]
    partial: str
    """How work ended that did not solve everything."""
    partner: str
    """The program of another company that reads along."""
