"""A viewer of whom only the structure is known: statements are built for it once, and its values are bound per request. Refuses to hold a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Uuid, bindparam
from sqlalchemy.dialects.postgresql import ARRAY

from isomod_graphql.engine.viewer import Viewer
from permissions.decisions import Sites, Vector

TENANT = "viewer_tenant"
PERSON = "viewer_person"
BOUND = "viewer_bound"

Structure = tuple[bool, tuple[bool, ...], bool]
"""Whether there is a person, per slot whether it has sites of its own, whether the credential is bound to sites."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Stands where a viewer stands while a statement is built."""

    vector: Vector
    tenant_id: BindParameter[UUID]
    person_id: BindParameter[UUID] | None
    slots: tuple[BindParameter[Any] | None, ...]
    bound: BindParameter[Any] | None

    @classmethod
    def of(cls, viewer: Viewer) -> "Reader":
        """The same for all viewers with equal powers of equal structure."""
        return cls(
            viewer.vector,
            bindparam(TENANT, type_=Uuid()),
            None if viewer.person_id is None else bindparam(PERSON, type_=Uuid()),
            tuple(_sites(_slot(at), sites) for at, sites in enumerate(viewer.slots)),
            _sites(BOUND, viewer.bound),
        )


def structure_of(viewer: Viewer) -> Structure:
    """With the vector, all that a statement depends on."""
    sites = tuple(slot is not None for slot in viewer.slots)
    return viewer.person_id is not None, sites, viewer.bound is not None


def binds_of(viewer: Viewer) -> Mapping[str, Any]:
    """The values that a Reader leaves open."""
    values: dict[str, Any] = {TENANT: viewer.tenant_id}
    if viewer.person_id is not None:
        values[PERSON] = viewer.person_id
    for at, sites in enumerate(viewer.slots):
        if sites is not None:
            values[_slot(at)] = sorted(sites)
    if viewer.bound is not None:
        values[BOUND] = sorted(viewer.bound)
    return values


def _slot(at: int) -> str:
    return f"viewer_sites_{at}"


def _sites(name: str, sites: Sites) -> BindParameter[Any] | None:
    return None if sites is None else bindparam(name, type_=ARRAY(Uuid()))
