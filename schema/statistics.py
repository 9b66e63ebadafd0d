"""What all statistics have in common in the graph: periods, counts, minutes, and what is left over. Shows no row."""

from typing import Any, Final

import strawberry

from isomod_graphql.analytics.periods import parsed
from isomod_graphql.core.ids import NOTHING
from isomod_graphql.engine.classified import tells
from isomod_graphql.engine.statistics import MEASURES, SUPPRESSES, Wanted
from permissions.categories import Category
from schema.entities import LOCATION
from schema.scalars import CalendarPeriod

TOTAL: Final = (
    "All rows that are reached and asked for. Null where that would tell of fewer than `smallestGroup`."
)


@tells({Category.OPERATIONAL: "sum average"})
@strawberry.type(description="Whole minutes over all rows of a group.")
class StatisticsMinutes:
    """See engine.statistics.Minutes."""

    sum: float = strawberry.field(description="A whole number; it may be larger than an Int.")
    average: int


@tells({Category.OPERATIONAL: "count"})
@strawberry.type(
    description="The rows that belong to no group: of groups that are too small, and of those that would tell of them.",
)
class StatisticsRemainder:
    """See engine.statistics.Remainder."""

    @strawberry.field(
        metadata={SUPPRESSES: Category.OPERATIONAL},
        description="Null, with the mask SUPPRESSED_COUNT, where it would tell of a group: with every filter.",
    )
    @staticmethod
    def count(root: strawberry.Parent[Any], info: strawberry.Info) -> int | None:
        """Told or listed as masked."""
        return counted(root.count, info)


def counted(count: int | None, info: strawberry.Info) -> int | None:
    """A count that may be too small to be told; the request takes down that it is not."""
    if count is None:
        raw: Any = info._raw_info  # noqa: SLF001  its parent type has no public name
        info.context.suppress(raw.path, f"{raw.parent_type.name}.{raw.field_name}")
    return count


def measure(category: Category, description: str) -> Any:  # noqa: ANN401  a field
    """A field that is told of many rows at once; who does not read the category raw of everybody does not have it."""
    return strawberry.field(metadata={MEASURES: category}, description=description)


def exactly(level: int) -> Wanted:
    """A filter by a value of this level."""
    return lambda _request, value: (level, getattr(value, "value", value))


def the_site(request: Any, value: str) -> tuple[int, bytes]:  # noqa: ANN401  the request
    """A filter by a site; an id that names nothing is a site without rows."""
    return 1, NOTHING.bytes if request is None else request.row_id(value, LOCATION).bytes


def the_period(_request: object, value: CalendarPeriod) -> tuple[int, int]:
    """A filter by a year, a quarter or a month."""
    return parsed(value)
