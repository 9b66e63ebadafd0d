"""Constrained inputs as scalars of their own. Each refuses what it does not name; no message repeats the value."""

import re
from datetime import UTC, date, datetime
from typing import Any, Final, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from isomod_graphql.analytics.periods import PERIOD
from isomod_graphql.core.errors import MaskedValueRejected
from isomod_graphql.core.search import LONGEST, MOST_WORDS, words_of
from permissions.masks import is_masked_text

PageSize = NewType("PageSize", int)
Cursor = NewType("Cursor", str)
EmailAddress = NewType("EmailAddress", str)
PhoneNumber = NewType("PhoneNumber", str)
GeoArea = NewType("GeoArea", str)
CalendarPeriod = NewType("CalendarPeriod", str)
SearchText = NewType("SearchText", str)

MAX_PAGE: Final = 100
MAX_EMAIL_CHARS: Final = 254
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s.\x00-\x1f]{1,63}(\.[^@\s.\x00-\x1f]{1,63})+")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)")
_AREA = re.compile(r"[+-]\d\d\.\d\d[+-]\d{3}\.\d\d/")
_CURSOR = re.compile(r"[A-Za-z0-9_-]{16,400}")


def refuse(name: str) -> GraphQLError:
    """The error of every scalar: its name, never the value."""
    return GraphQLError(f"This is not a valid {name}.", extensions={"code": "BAD_USER_INPUT"})


def _page_size(value: Any) -> PageSize:  # noqa: ANN401  whatever the client sent
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_PAGE:
        raise refuse("PageSize: an integer from 1 to 100")
    return PageSize(value)


def _refuse_masked(value: Any) -> None:  # noqa: ANN401  whatever the client sent
    if isinstance(value, str) and is_masked_text(value):
        raise MaskedValueRejected


def _matching(name: str, pattern: re.Pattern[str], longest: int, *, personal: bool = True) -> Any:  # noqa: ANN401  a parser
    def parse(value: Any) -> str:  # noqa: ANN401  whatever the client sent
        # What may have been read as a mask is let through to the mutation, which answers MASKED_VALUE_REJECTED as data.
        if personal and isinstance(value, str) and is_masked_text(value) and len(value) <= longest:
            return value
        _refuse_masked(value)
        if (
            not isinstance(value, str)
            or len(value) > longest
            or pattern.fullmatch(value) is None
            or not is_storable(value)
        ):
            raise refuse(name)
        return value

    return parse


def is_storable(text: str) -> bool:
    """False for NUL and lone surrogates, which PostgreSQL text cannot hold."""
    return "\x00" not in text and (text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text))


def _date(value: Any) -> date:  # noqa: ANN401  whatever the client sent
    _refuse_masked(value)
    try:
        return (
            date.fromisoformat(value)
            if isinstance(value, str) and len(value) == len("2026-01-31")
            else _never()
        )
    except ValueError:
        raise refuse("Date: YYYY-MM-DD") from None


def _date_time(value: Any) -> datetime:  # noqa: ANN401  whatever the client sent
    _refuse_masked(value)
    try:
        if isinstance(value, str) and _DATE_TIME.fullmatch(value):
            return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise refuse("DateTime: RFC 3339 with an offset")


def _never() -> date:
    raise ValueError


def _instant(value: Any) -> str:  # noqa: ANN401  a stored instant
    text: str = value.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")


def _search(value: Any) -> SearchText:  # noqa: ANN401  whatever the client sent
    _refuse_masked(value)
    if not isinstance(value, str) or len(value) > LONGEST or not is_storable(value):
        raise refuse("SearchText: a text of at most 100 characters")
    if len(words_of(value)) > MOST_WORDS:
        raise refuse("SearchText: at most 5 words")
    return SearchText(value)


SCALARS: Final[dict[object, ScalarDefinition]] = {
    PageSize: strawberry.scalar(
        name="PageSize",
        description="How many rows of a list: 1 to 100.",
        serialize=int,
        parse_value=_page_size,
    ),
    Cursor: strawberry.scalar(
        name="Cursor",
        description="Where a page ends. Opaque; bound to the viewer, the list, its filter and its order.",
        serialize=str,
        parse_value=_matching("Cursor", _CURSOR, 400, personal=False),
    ),
    EmailAddress: strawberry.scalar(
        name="EmailAddress",
        description="An e-mail address, at most 254 characters (RFC 5321).",
        serialize=str,
        parse_value=_matching("EmailAddress", _EMAIL, MAX_EMAIL_CHARS),
    ),
    PhoneNumber: strawberry.scalar(
        name="PhoneNumber",
        description="A telephone number in international form (ITU-T E.164): +32470123456.",
        serialize=str,
        parse_value=_matching("PhoneNumber", _PHONE, 16),
    ),
    GeoArea: strawberry.scalar(
        name="GeoArea",
        description="A point of a fixed grid of hundredths of a degree, about a kilometre (ISO 6709): +50.85+004.35/.",
        serialize=str,
        parse_value=_matching("GeoArea", _AREA, 14),
    ),
    CalendarPeriod: strawberry.scalar(
        name="CalendarPeriod",
        description="A year, a quarter or a month of the organisation's own clock: 2026, 2026-Q1, 2026-03.",
        serialize=str,
        parse_value=_matching("CalendarPeriod", PERIOD, 7, personal=False),
    ),
    SearchText: strawberry.scalar(
        name="SearchText",
        description="Words to look for: at most 5, and 100 characters. Letters and digits make a word; nothing is a wildcard.",
        serialize=str,
        parse_value=_search,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A calendar day: YYYY-MM-DD (RFC 3339).",
        serialize=date.isoformat,
        parse_value=_date,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant: RFC 3339 with an offset; answered in UTC, to the microsecond where it has any.",
        serialize=_instant,
        parse_value=_date_time,
    ),
}
"""The product's scalars by the Python type that the schema uses."""
