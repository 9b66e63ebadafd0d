"""A third opinion on statistics: which rows a group has, worked out in Python from the stored rows. It knows of no dimension, level or statement."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from isomod_graphql.core.flags import is_erased, restricted_categories
from isomod_graphql.subjects.models import Person
from permissions.categories import Category
from permissions.principals import Principal
from permissions.suppression import Axis, Tables, answer
from tests.engine.listed import Open
from tests.engine.oracle import FIELDS, Oracle, Row

ZONE: Final = ZoneInfo("Europe/Brussels")
KINDS: Final = {"workOrderStatistics": "WorkOrder", "assetStatistics": "Asset"}
MOST: Final = 4
DONE: Final = frozenset({"COMPLETED", "CLOSED"})
PERIODS: Final = ("YEAR", "QUARTER", "MONTH")
PEOPLE: Final = {"assignee": "assignee_id", "requester": "requester_id", "custodian": "custodian_id"}
DATES: Final = {"created": "created_at", "completed": "completed_at", "due": "due_at"}
LINKS: Final = frozenset({"site", *PEOPLE})
Value = Callable[[Row], Hashable]


@dataclass(frozen=True)
class Group:
    """One that is told: figures by the graph's names; of links the row's id."""

    figures: Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """The whole answer; None in the place of a count that is not told."""

    groups: Sequence[Group]
    total: int | None
    remainder: tuple[int | None] | None


class TooMany(Exception):
    """More than four things at once."""


class Counts:
    """The statistics of one tenant."""

    def __init__(self, oracle: Oracle, rows: Mapping[str, list[UUID]], open_id: Open) -> None:
        """`rows` are the ids of all rows by graph type."""
        self._oracle, self._rows, self._open = oracle, rows, open_id

    async def told(self, principal: Principal, now: datetime, field: str, given: Mapping[str, Any]) -> Told:
        """Of everything that the viewer reaches. Raises TooMany."""
        kind = KINDS[field]
        rows = [
            row
            for one in self._rows[kind]
            if (row := await self._reached(principal, now, kind, one)) is not None
        ]
        asked: dict[str, int] = {}
        for name in given.get("groupBy") or ():
            axis, level = _grouping(str(getattr(name, "name", name)))
            asked[axis] = max(level, asked.get(axis, 0))
        within = [
            self._wanted(name, value)
            for name, value in (given.get("filter") or {}).items()
            if value is not None
        ]
        for axis, level, _ in within:
            asked[axis] = max(level, asked.get(axis, 0))
        if len(asked) > MOST:
            raise TooMany
        names: list[str] = [name for name in ORDER if name in asked]
        cells = Counter(tuple(_value(name, asked[name], row, now) for name in names) for row in rows)
        axes = [Axis(_steps(name, asked[name]), name in PEOPLE) for name in names]
        tables = Tables(axes, cells, frozenset(await self._nameless(names, rows)))
        found = answer(tables, [(names.index(axis), level, value) for axis, level, value in within])
        groups = [
            Group(
                _figures(
                    names,
                    asked,
                    key,
                    [row for row in rows if key == tuple(_value(n, asked[n], row, now) for n in names)],
                )
            )
            for key in found.groups
        ]
        return Told(groups, found.total, (found.rest,) if found.remains else None)

    async def _reached(self, principal: Principal, now: datetime, kind: str, one: UUID) -> Row | None:
        model = FIELDS[kind][0]
        reached = await self._oracle.reached(principal, now, model, one)
        return None if reached is None else await self._oracle.row(model, one)

    async def _nameless(self, names: Sequence[str], rows: Sequence[Row]) -> set[bytes]:
        """People whose name may not be used."""
        found = set()
        for person in {row[PEOPLE[name]] for name in names if name in PEOPLE for row in rows} - {None}:
            flags = (await self._oracle.row(Person, person) or {})["flags"]
            if is_erased(flags) or Category.IDENTITY in restricted_categories(flags):
                found.add(person.bytes)
        return found

    def _wanted(self, name: str, value: Any) -> tuple[str, int, Hashable]:  # noqa: ANN401  JSON
        if name == "siteId":
            site = self._open(value, "Location")
            return "site", 1, UUID(int=0).bytes if site is None else site.bytes
        if name.endswith("In"):
            return name.removesuffix("In"), *_period(value)
        word = str(getattr(value, "value", value))
        return ("status", 1 + (name == "status"), word) if name in {"stage", "status"} else (name, 1, word)


ORDER: Final = (
    "status", "priority", "type", "timeliness", "criticality", "site", "created", "completed", "due", "assignee", "requester", "custodian",
)  # fmt: skip


def _grouping(name: str) -> tuple[str, int]:
    if name == "REQUESTED_BY":
        return "requester", 1
    axis, _, period = name.lower().partition("_")
    if axis == "stage":
        return "status", 1
    return axis, PERIODS.index(period.upper()) + 1 if period else 2 if axis == "status" else 1


def _period(text: str) -> tuple[int, str]:
    return (1 if len(text) == 4 else 2 if "Q" in text else 3), text


def _stage(status: str) -> str:
    return "COMPLETED" if status in DONE else "CANCELLED" if status == "CANCELLED" else "OPEN"


def _spelt(at: datetime | None, level: int) -> str | None:
    if at is None:
        return None
    local = at.astimezone(ZONE)
    return (f"{local:%Y}", f"{local:%Y}-Q{(local.month + 2) // 3}", f"{local:%Y-%m}")[level - 1]


def _value(name: str, level: int, row: Row, now: datetime) -> Hashable:
    if name == "status":
        found: Hashable = row["status"] if level == 2 else _stage(row["status"])
    elif name in DATES:
        found = _spelt(row[DATES[name]], level)
    elif name == "site" or name in PEOPLE:
        person = row[PEOPLE.get(name, "site_id")]
        found = None if person is None else person.bytes
    elif name == "timeliness":
        ended = (row["completed_at"] or now) if row["status"] in DONE else now
        due = row["due_at"]
        found = "NO_DUE_DATE" if due is None else "LATE" if due < ended else "IN_TIME"
    else:
        found = row[name]
    return found


def _steps(name: str, level: int) -> tuple[Callable[[Any], Hashable], ...]:
    if name == "status":
        return (_stage,) if level == 2 else ()
    return (_quarter, _year)[3 - level :] if name in DATES and level > 1 else ()


def _quarter(month: str | None) -> str | None:
    return None if month is None else f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"


def _year(period: str | None) -> str | None:
    return None if period is None else period[:4]


def _figures(
    names: Sequence[str], asked: Mapping[str, int], key: Sequence[Any], rows: Sequence[Row]
) -> dict[str, Any]:
    found: dict[str, Any] = {"count": len(rows)}
    for name, value in zip(names, key, strict=True):
        if name == "status" and asked[name] == 2:
            found |= {"status": value, "stage": _stage(value)}
        elif name == "status":
            found["stage" if "completed_at" in rows[0] else "status"] = value
        else:
            found[f"{name}In" if name in DATES else name] = value
    if "completed_at" in rows[0]:
        found["minutesToComplete"] = _minutes(rows, "created_at")
        found["minutesWorked"] = _minutes(rows, "started_at")
    return found


def _minutes(rows: Sequence[Row], begin: str) -> dict[str, Any] | None:
    spans = []
    for row in rows:
        ended, begun = row["completed_at"], row[begin]
        if row["status"] not in DONE or ended is None or begun is None or ended < begun:
            return None
        spans.append(int((ended - begun).total_seconds() // 60))
    return {"sum": float(sum(spans)), "average": (2 * sum(spans) + len(spans)) // (2 * len(spans))}
