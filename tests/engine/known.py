"""What the oracles know of the graph: by type the model and the attribute of each field, and what rows hang on. It knows no value and no rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from isomod_graphql.assets.models import Asset
from isomod_graphql.audit.models import AccessDay
from isomod_graphql.core.columns import Base
from isomod_graphql.identity.models import GrantRow, PartnerClient, Team, User
from isomod_graphql.locations.models import Location
from isomod_graphql.subjects.models import Person
from isomod_graphql.work_orders.models import WorkOrder, WorkOrderHistory, WorkOrderSignature
from permissions import masks
from permissions.masks import NULL, Mask
from permissions.reach import Resource

Model = type[Base]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """A field of a graph type: the attribute that it shows, its mask, or the model that a link leads to."""

    attribute: str
    mask: Mask = NULL
    model: Model | None = None
    to: Model | None = None
    sibling: bool = False
    """It shows the mask of the value and never more."""
    by: str = "id"
    """The column that names the row of `model`."""


class _OwnLog:
    """The rows of AccessDay to the person that they are about: a kind of its own, with a reach of its own."""

    __tablename__ = AccessDay.__tablename__
    __table__ = AccessDay.__table__
    sealed_fields = AccessDay.sealed_fields
    packs = AccessDay.packs


OwnLog: Final = cast("Model", _OwnLog)


def _plain(*names: str) -> dict[str, Field]:
    return {_camel(name): Field(name) for name in names}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(map(str.title, rest))


_PERSON = {
    **_plain("job_title", "address", "locale", "version"),
    "displayName": Field("name", masks.INITIALS),
    "name": Field("name", masks.INITIALS),
    "email": Field("email", masks.PARTIAL_EMAIL),
    "phone": Field("phone", masks.PARTIAL_PHONE),
    "restricted": Field("flags"),
    "pseudonym": Field("id"),
}
_CHANGE = _plain("sequence", "at", "transition", "from_status", "to_status", "reason")
_ASSET = _plain(
    "name", "tag", "serial_number", "manufacturer", "model", "status", "criticality", "version", "description"
)
_ORDER = _plain(
    *("number", "title", "description", "status", "priority", "type", "outcome", "resolution", "created_at"),
    *("due_at", "window_start", "window_end", "started_at", "completed_at", "first_completed_at", "version"),
)
_PLACE = {
    **_plain("name", "address", "latitude", "longitude", "time_zone", "version"),
    "area": Field("latitude"),
}
_SIGNATURE = {
    **_plain("meaning", "signed_at", "signer_title"),
    "completionAt": Field("completed_at"),
    "signerName": Field("signer_name", masks.INITIALS),
    "signer": Field("signer_id", to=Person),
}
_ACCESS = {
    **_plain("day", "purpose", "categories"),
    "answers": Field("count"),
    "recipient": Field("viewer_kind"),
    "program": Field("name", model=PartnerClient, by="viewer_id"),
}
_MEMBER = {
    "status": Field("status", model=User),
    "lastSeenAt": Field("last_seen_at", model=User),
    "lastSeenYear": Field("last_seen_at", masks.YEAR, model=User, sibling=True),
}

FIELDS: Final[Mapping[str, tuple[Model, Mapping[str, Field]]]] = {
    "User": (Person, {**_PERSON, **_MEMBER}),
    "Contact": (Person, _PERSON),
    "Location": (Location, {**_PLACE, "parent": Field("parent_id", to=Location), "site": Field("site_id", to=Location)}),
    "Asset": (Asset, {
        **_ASSET, "location": Field("location_id", to=Location), "parent": Field("parent_id", to=Asset),
        "custodian": Field("custodian_id", to=Person),
    }),
    "WorkOrder": (WorkOrder, {
        **_ORDER, "asset": Field("asset_id", to=Asset), "location": Field("location_id", to=Location),
        "assignee": Field("assignee_id", to=Person), "requester": Field("requester_id", to=Person),
        "completedBy": Field("completed_by_id", to=Person),
    }),
    "WorkOrderSignature": (WorkOrderSignature, _SIGNATURE),
    "Team": (Team, _plain("name", "version")),
    "WorkOrderChange": (WorkOrderHistory, {**_CHANGE, "actor": Field("actor_id", to=Person)}),
    "RoleAssignment": (GrantRow, {**_plain("role", "expires_at"), "site": Field("site_id", to=Location)}),
    "AccessLogEntry": (OwnLog, _ACCESS),
    "AccessRecord": (AccessDay, {
        **_ACCESS, "subject": Field("subject_id", to=Person), "viewer": Field("viewer_id", to=Person),
        "viewedAs": Field("viewer_kind", to=Person),
    }),
}  # fmt: skip

PERSONAL_SETS: Final[Mapping[str, Field]] = {"teams": Field("teams")}
"""Small sets of a person that are hidden as a value is."""

RESOURCE: Final[Mapping[Model, Resource]] = {
    Team: Resource.TEAM, AccessDay: Resource.ACCESS_RECORD, OwnLog: Resource.ACCESS_LOG,
    Person: Resource.PERSON, GrantRow: Resource.PERSON, Location: Resource.LOCATION, Asset: Resource.ASSET,
    WorkOrder: Resource.WORK_ORDER, WorkOrderHistory: Resource.WORK_ORDER, WorkOrderSignature: Resource.WORK_ORDER,
}  # fmt: skip
PARENT: Final[Mapping[Model, tuple[str, Model]]] = {
    GrantRow: ("person_id", Person), WorkOrderHistory: ("work_order_id", WorkOrder),
    WorkOrderSignature: ("work_order_id", WorkOrder), AccessDay: ("subject_id", Person), OwnLog: ("subject_id", Person),
}  # fmt: skip
AUTHOR: Final[Mapping[Model, str]] = {
    WorkOrderHistory: "actor_id", GrantRow: "person_id", WorkOrderSignature: "signer_id", OwnLog: "subject_id"
}  # fmt: skip
