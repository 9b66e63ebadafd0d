"""Who looked at whose data, day by day, for the person it is about and for whoever looks into a viewer. Refuses values: ids, categories and counts only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, select

from isomod_graphql.audit.models import AccessDay
from isomod_graphql.core.store import Transaction
from permissions.categories import PERSONAL_ORDER, Category

MOST: Final = 1_000
REST: Final = ("subject_id", "viewer_id", "viewer_kind", "purpose", "categories")


@dataclass(frozen=True, slots=True)
class Seen:
    """On this legal day `viewer_id` was shown these categories of `subject_id`, together, in `count` answers."""

    day: date
    subject_id: UUID
    viewer_id: UUID
    viewer_kind: str
    purpose: str
    categories: frozenset[Category]
    count: int


def categories_of(mask: int) -> frozenset[Category]:
    """The categories of a stored bit mask."""
    return frozenset(category for bit, category in enumerate(PERSONAL_ORDER) if mask >> bit & 1)


def mask_of(categories: Iterable[Category]) -> int:
    """The bit mask of these categories; one that is not personal has no bit."""
    wanted = frozenset(categories)
    return sum(1 << bit for bit, category in enumerate(PERSONAL_ORDER) if category in wanted)


async def of_subject(
    tx: Transaction, subject_id: UUID, *, since: date = date.min, most: int = MOST
) -> list[Seen]:
    """Who was shown this person's data, the newest day first. The last minute may be missing."""
    return await _seen(tx, AccessDay.subject_id == subject_id, AccessDay.day >= since, most=most)


async def by_viewer(
    tx: Transaction, viewer_id: UUID, *, since: date = date.min, most: int = MOST
) -> list[Seen]:
    """Whose data this person or client was shown, the newest day first. The last minute may be missing."""
    return await _seen(tx, AccessDay.viewer_id == viewer_id, AccessDay.day >= since, most=most)


async def _seen(tx: Transaction, *which: ColumnElement[bool], most: int) -> list[Seen]:
    table = AccessDay.__table__
    wanted = (
        # A row has a method `count` already.
        select(table.c.day, *(table.c[name] for name in REST), table.c.count.label("answers"))
        .where(AccessDay.tenant_id == tx.tenant_id, *which)
        .order_by(table.c.day.desc(), *(table.c[name] for name in REST))
    )
    return [
        Seen(
            row.day,
            row.subject_id,
            row.viewer_id,
            row.viewer_kind,
            row.purpose,
            categories_of(row.categories),
            row.answers,
        )
        for row in await tx.all(wanted.limit(most))
    ]
