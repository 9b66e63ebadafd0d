"""A third opinion on lists: which rows a filter asks for and in what order, worked out in Python from the stored rows. It knows of no listing, criterion or statement."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any, Final, Protocol
from uuid import UUID

from isomod_graphql.assets.models import Asset
from isomod_graphql.core.flags import is_erased, restricted_categories
from isomod_graphql.core.text import fold
from isomod_graphql.identity.models import User
from isomod_graphql.locations.models import Location
from isomod_graphql.subjects.models import Person
from permissions.categories import PERSONAL, PERSONAL_ORDER, Category
from permissions.principals import Principal
from tests.engine.oracle import FIELDS, Model, Oracle, Row


class Open(Protocol):
    """The row that a global id of this tenant names, if it is of this kind."""

    def __call__(self, text: str, of: str | None = None) -> UUID | None: ...


UNDER: Final = {
    "Asset.children": "parent_id", "Location.children": "parent_id", "Location.assets": "location_id",
    "Asset.workOrders": "asset_id", "WorkOrder.history": "work_order_id",
}  # fmt: skip
OF_ROW: Final = {
    "siteId": ("site_id", "Location"), "locationId": ("location_id", "Location"), "custodianId": ("custodian_id", "Person"),
    "assetId": ("asset_id", "Asset"), "assigneeId": ("assignee_id", "Person"), "requesterId": ("requester_id", "Person"),
    "subjectId": ("subject_id", "Person"), "viewerId": ("viewer_id", "Person"),
}  # fmt: skip
NAMED: Final[Mapping[str, Model]] = {"Location": Location, "Person": Person, "Asset": Asset}
"""Whoever does not reach the row that a filter names finds nothing by it."""
SETS: Final = {
    "User.roles": ("RoleAssignment", "person_id"), "WorkOrder.signatures": ("WorkOrderSignature", "work_order_id")
}  # fmt: skip
PLAIN: Final = frozenset({"number", "tag"})
CHOICES: Final = frozenset({"status", "priority", "type", "criticality", "purpose"})
NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
RANKS: Final = {"URGENT": 4, "HIGH": 3, "MEDIUM": 2, "LOW": 1, "NONE": 0}


class Lists:
    """The lists of one tenant."""

    def __init__(self, oracle: Oracle, rows: Mapping[str, list[UUID]], open_id: Open) -> None:
        """`rows` are the ids of all rows by graph type, people under User."""
        self._oracle, self._rows, self._open = oracle, rows, open_id

    async def rows(
        self, principal: Principal, now: datetime, field: str, arguments: Mapping[str, Any], parent: UUID | None
    ) -> list[UUID]:  # fmt: skip
        """Every row of the list, whatever the page."""
        kind = _kind(field)
        found: list[Row] = []
        for one in self._rows[kind]:
            row = await self._row(kind, one)
            if row is None or (parent is not None and row[UNDER[field]] != parent):
                continue
            if await self._oracle.reached(principal, now, FIELDS[kind][0], one) is not None:
                found.append(row)
        for name, value in (arguments.get("filter") or {}).items():
            if value is not None:
                found = [row for row in found if self._holds(kind, row, name, value)]
                found = found if await self._may_name(principal, now, kind, name, value) else []
        return [row["id"] for row in _ordered(kind, str(arguments.get("orderBy")), found)]

    async def gathered(self, principal: Principal, now: datetime, field: str, parent: UUID) -> list[UUID]:
        """A small set without pages, in the order of ids."""
        if field in SETS:
            kind, column = SETS[field]
            model: Model = FIELDS[kind][0]
            rows = [await self._oracle.row(model, one) for one in self._rows[kind]]
            ids = [row["id"] for row in rows if row is not None and row[column] == parent]
        else:
            model, ids = Person, list(self._oracle._crews.get(parent, ()))
        return [
            one for one in sorted(ids) if await self._oracle.reached(principal, now, model, one) is not None
        ]

    async def _row(self, kind: str, one: UUID) -> Row | None:
        row = await self._oracle.row(FIELDS[kind][0], one)
        if row is None or kind != "User":
            return row
        member = await self._oracle.row(User, one)
        return None if member is None else {**row, "status": member["status"]}

    async def _may_name(self, principal: Principal, now: datetime, kind: str, name: str, value: Any) -> bool:  # noqa: ANN401  JSON
        if name not in OF_ROW and name != "parentId":
            return True
        _, of = OF_ROW.get(name, ("parent_id", kind))
        named = self._open(value, of)
        return named is not None and await self._oracle.reached(principal, now, NAMED[of], named) is not None

    def _holds(self, kind: str, row: Row, name: str, value: Any) -> bool:  # noqa: ANN401, PLR0911  JSON; one line per kind of field
        if name in PLAIN | CHOICES:
            return row[name] in {getattr(one, "value", one) for one in ([value] if name in PLAIN else value)}
        if name == "category":
            return any(row["categories"] & 1 << PERSONAL_ORDER.index(one) for one in value if one in PERSONAL)
        if name == "search":
            return not fold(value) or _found(_said(kind, row), value)
        if name == "namePrefix":
            folded = _name(row) if kind == "User" else row["name_key"]
            return not fold(value) or (folded is not None and folded.startswith(fold(value)))
        if name == "email":
            hidden = is_erased(row["flags"]) or Category.CONTACT in restricted_categories(row["flags"])
            return not hidden and row["email"] == value
        if name in {"createdAt", "dueAt", "day"}:
            return _between(row[{"createdAt": "created_at", "dueAt": "due_at"}.get(name, name)], value)
        column, of = OF_ROW.get(name, ("parent_id", kind))
        wanted = self._open(value, of)
        return wanted is not None and row[column] == wanted


def _between(at: date | None, value: Mapping[str, Any]) -> bool:
    low, high = value.get("gte"), value.get("lt")
    if low is None and high is None:
        return True
    return at is not None and (low is None or at >= low) and (high is None or at < high)


def _name(row: Row) -> str | None:
    """The name by which somebody may be found and sorted; nobody by a name that may not be used."""
    hidden = is_erased(row["flags"]) or Category.IDENTITY in restricted_categories(row["flags"])
    return fold(row["name"]) if row["name"] and not hidden else None


def _said(kind: str, row: Row) -> str:
    """What of a row is searched."""
    names = {
        "Location": ("name",), "Asset": ("name", "tag", "serial_number", "manufacturer", "model"),
        "WorkOrder": ("number", "title"),
    }  # fmt: skip
    if kind == "User":
        return _name(row) or ""
    return " ".join(str(row[name]) for name in names[kind] if row[name] is not None)


def _found(said: str, wanted: str) -> bool:
    """Each word of the text begins a word of what is said; a text without a word finds nothing."""
    have, want = (["".join(w) for k, w in groupby(fold(one), str.isalnum) if k] for one in (said, wanted))
    return bool(want) and all(any(word.startswith(one) for word in have) for one in want)


def _kind(field: str) -> str:
    of, name = field.split(".")
    children = of if name == "children" else ""
    return children or {"users": "User", "teams": "Team", "locations": "Location", "assets": "Asset", "history": "WorkOrderChange",
                        "myAccessLog": "AccessLogEntry", "accessRecords": "AccessRecord"}.get(
        name, "WorkOrder"
    )  # fmt: skip


def _ordered(kind: str, order: str, rows: list[Row]) -> list[Row]:
    """Ties are broken by id, in the direction of the order."""
    if kind.startswith("Access"):
        return sorted(rows, key=lambda row: (row["day"], row["id"]), reverse=True)
    if order.startswith("NAME") and kind == "User":
        named = [row for row in rows if _name(row) is not None]
        nameless = sorted((row for row in rows if _name(row) is None), key=_id)
        return sorted(named, key=lambda row: (_name(row), row["id"]), reverse=order == "NAME_DESC") + nameless
    by: Callable[[Row], Any] = {
        "PSEUDONYM_ASC": lambda row: row["pseudonym_number"],
        "NAME_ASC": lambda row: row["name_key"], "NAME_DESC": lambda row: row["name_key"],
        "NUMBER_ASC": lambda row: row["number"], "NUMBER_DESC": lambda row: row["number"],
        "CREATED_AT_ASC": lambda row: row["created_at"], "CREATED_AT_DESC": lambda row: row["created_at"],
        "DUE_AT_ASC": lambda row: row["due_at"] or NEVER,
        "PRIORITY_DESC": lambda row: RANKS[row["priority"]],
    }.get(order, lambda row: row["sequence"])  # fmt: skip
    return sorted(rows, key=lambda row: (by(row), row["id"]), reverse=order.endswith("_DESC"))


def _id(row: Row) -> UUID:
    found: UUID = row["id"]
    return found
