"""Calendar years, quarters and months of an organisation's own clock: the only windows of statistics. Refuses any other span."""

import re
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, cast, extract, select

from isomod_graphql.engine.reach import THIS_TENANT
from isomod_graphql.engine.statistics import Level
from isomod_graphql.organisations.models import Tenant

YEAR, QUARTER, MONTH = 1, 2, 3
PERIOD: Final = re.compile(r"(?P<year>[1-9]\d{3})(?:-Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?")
"""A year, a quarter or a month: `2026`, `2026-Q1`, `2026-03` (ISO 8601 reduced precision, and quarters as EDTF spells them)."""

ZONE: Final = select(Tenant.time_zone).where(Tenant.id == THIS_TENANT).scalar_subquery()
"""The clock of the organisation, looked up once per statement."""


def levels_of(column: ColumnElement[Any], field: str) -> tuple[Level, ...]:
    """A column of instants as years, quarters and months, each a number that counts from year 0."""
    local = column.op("AT TIME ZONE")(ZONE)
    year, quarter, month = (cast(extract(part, local), Integer) for part in ("year", "quarter", "month"))
    return (
        Level(field, year, show=lambda number: spelt(YEAR, number)),
        Level(
            field,
            year * 4 + quarter - 1,
            lambda number: _above(number, 4),
            lambda number: spelt(QUARTER, number),
        ),
        Level(
            field,
            year * 12 + month - 1,
            lambda number: _above(number, 3),
            lambda number: spelt(MONTH, number),
        ),
    )


def _above(number: int | None, parts: int) -> int | None:
    return None if number is None else number // parts


def parsed(text: str) -> tuple[int, int]:
    """The level and the number of a period that the scalar has let through."""
    found = PERIOD.fullmatch(text)
    if found is None:
        raise TypeError("this is no period")
    year = int(found["year"])
    if found["quarter"]:
        return QUARTER, year * 4 + int(found["quarter"]) - 1
    return (MONTH, year * 12 + int(found["month"]) - 1) if found["month"] else (YEAR, year)


def spelt(level: int, number: int | None) -> str | None:
    """A period as clients read it."""
    if number is None:
        return None
    if level == QUARTER:
        return f"{number // 4:04d}-Q{number % 4 + 1}"
    return f"{number // 12:04d}-{number % 12 + 1:02d}" if level == MONTH else f"{number:04d}"
