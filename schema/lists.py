"""How every list is asked for: a listing and the field's arguments become one page. Refuses what the listing does not declare."""

from datetime import date, datetime
from enum import Enum
from typing import Any, Final

import strawberry

from isomod_graphql.engine.classified import tells
from isomod_graphql.engine.listing import Listing, demand
from isomod_graphql.engine.pages import page
from isomod_graphql.engine.projection import View
from permissions.categories import Category

SEARCHES: Final = (
    "Rows that have, for each word of the text, a word that begins with it, in any order; capitals and accents do not "
    "matter. Looks at"
)


@tells({Category.OPERATIONAL: "gte lt"})
@strawberry.input(description="From (inclusive) to (exclusive).")
class DateTimeRange:
    """Half-open, so that ranges can be laid end to end."""

    gte: datetime | None = None
    lt: datetime | None = None


@tells({Category.OPERATIONAL: "gte lt"})
@strawberry.input(description="From (inclusive) to (exclusive).")
class DateRange:
    """Half-open, so that ranges can be laid end to end."""

    gte: date | None = None
    lt: date | None = None


async def listed_page(
    info: strawberry.Info,
    listing: Listing,
    first: int,
    after: str | None,
    given: object = None,
    order_by: Enum | None = None,
    *,
    under: View | None = None,
) -> Any:  # noqa: ANN401  a page stands in for a connection
    """One page of a declared list; `under` is the row on which it hangs."""
    asked = demand(listing, first=first, after=after, given=given, order_by=order_by)
    return await page(info.context, asked, None if under is None else under.row_id)
