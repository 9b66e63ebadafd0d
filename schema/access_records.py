"""Who was shown whose data, day by day: to the person it is about when, what and why; to who oversees privacy also who. Names no employee to the subject."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

import strawberry
from sqlalchemy import ColumnElement, Integer, Uuid, bindparam, case, cast, func, literal_column

from isomod_graphql.audit.access_days import categories_of, mask_of
from isomod_graphql.audit.models import VIEWED_AS, AccessDay
from isomod_graphql.engine.classified import reveals
from isomod_graphql.engine.entities import Shown, computed, graph_type, link, personal, shows
from isomod_graphql.engine.listing import LISTING, Between, Criterion, Listing, OneOf, Reference, Sort
from isomod_graphql.engine.request import Request
from isomod_graphql.identity.models import PartnerClient
from permissions.categories import Category
from permissions.disclosure import Level
from permissions.purposes import Purpose
from permissions.reach import Resource
from schema.entities import ACCESS_LOG, ACCESS_RECORD, PERSON
from schema.lists import DateRange, listed_page
from schema.people import Person
from schema.relay import Connection, Node
from schema.scalars import Cursor, PageSize

_ROW: Final = AccessDay.__table__.c
_SUBJECT: Final = "subject_id"
_VIEWED_AS: Final = case(
    (
        func.starts_with(_ROW.viewer_kind, literal_column(f"'{VIEWED_AS}'")),
        cast(func.substring(_ROW.viewer_kind, literal_column(str(len(VIEWED_AS) + 1))), Uuid()),
    )
)
"""The member as whom somebody looked, as the kind of the viewer says it."""


@strawberry.enum(description="Who received data, as the GDPR tells recipients apart (Article 4(9)).")
class Recipient(StrEnum):
    """An employee is part of the organisation, a program belongs to a partner, and the vendor is a third."""

    ORGANISATION = "ORGANISATION"
    PROGRAM = "PROGRAM"
    VENDOR = "VENDOR"


_RECIPIENTS: Final[Mapping[str, Recipient]] = {
    "CLIENT": Recipient.PROGRAM,
    "SUPPORT": Recipient.VENDOR,
}
"""By the kind of the viewer; every other is a member."""


def recipient(shown: Shown) -> Recipient | None:
    """None where nothing is shown."""
    kind: str = shown.values["viewer_kind"]
    return None if shown.level is Level.HIDDEN else _RECIPIENTS.get(kind, Recipient.ORGANISATION)


def categories(shown: Shown) -> list[Category] | None:
    """In alphabetical order; None where nothing is shown."""
    mask: int = shown.values["categories"]
    return None if shown.level is Level.HIDDEN else sorted(categories_of(mask))


DAY: Final = "A day in Brussels. What was shown in the last minute may still be missing."
CATEGORIES: Final = "What was shown together."
ANSWERS: Final = "How many answers showed it that day."
PROGRAM: Final = "The partner's program that was answered; null where it was none."


def _day() -> Any:  # noqa: ANN401  a field
    return personal(Category.AUDIT, column=_ROW.day, description=DAY)


def _recipient() -> Any:  # noqa: ANN401  a field
    return computed(Category.AUDIT, needs=("viewer_kind",), compute=recipient, subject=_SUBJECT)


def _program() -> Any:  # noqa: ANN401  a field
    return shows(Category.OPERATIONAL, column=PartnerClient.__table__.c.name, description=PROGRAM)


def _purpose() -> Any:  # noqa: ANN401  a field
    return personal(Category.AUDIT, column=_ROW.purpose, description="What the viewer read it for.")


def _categories() -> Any:  # noqa: ANN401  a field
    return computed(
        Category.AUDIT,
        needs=("categories",),
        compute=categories,
        subject=_SUBJECT,
        description=CATEGORIES,
    )


def _answers() -> Any:  # noqa: ANN401  a field
    return personal(Category.AUDIT, column=_ROW["count"], description=ANSWERS)


@graph_type(
    ACCESS_LOG,
    default=Category.OPERATIONAL,
    description=(
        "Somebody else was shown data about the caller (GDPR Article 15(1)). Programs of partners are named as recipients; "
        "colleagues are not: whoever has doubts asks the privacy officer."
    ),
)
class AccessLogEntry(Node):
    """One viewer on one day, who is not told."""

    day: date | None = _day()
    recipient: Recipient | None = _recipient()
    program: str | None = _program()
    purpose: Purpose | None = _purpose()
    categories: list[Category] | None = _categories()
    answers: int | None = _answers()


@graph_type(
    ACCESS_RECORD,
    default=Category.OPERATIONAL,
    description="A viewer was shown data about somebody else. Whoever reads this is on record too.",
)
class AccessRecord(Node):
    """One viewer, one subject, one day."""

    day: date | None = _day()
    subject: Person | None = link(
        lambda: PERSON,
        by=_SUBJECT,
        category=Category.AUDIT,
        subject=_SUBJECT,
        description="Whose data were shown; under a pseudonym after an erasure.",
    )
    viewer: Person | None = link(
        lambda: PERSON,
        by="viewer_id",
        category=Category.AUDIT,
        subject=_SUBJECT,
        description="Who was shown them; null for a program.",
    )
    viewed_as: Person | None = link(
        lambda: PERSON,
        by=_VIEWED_AS,
        category=Category.AUDIT,
        subject=_SUBJECT,
        description="The member as whom the viewer looked; null for an own look.",
    )
    recipient: Recipient | None = _recipient()
    program: str | None = _program()
    purpose: Purpose | None = _purpose()
    categories: list[Category] | None = _categories()
    answers: int | None = _answers()


@reveals(Resource.ACCESS_LOG, {Category.AUDIT: "day category purpose"})
@strawberry.input(description="Every field that is given must hold.")
class AccessLogFilter:
    """Which looks at one's own data."""

    day: DateRange | None = None
    category: list[Category] | None = strawberry.field(default=None, description="One of them was shown.")
    purpose: list[Purpose] | None = None


@reveals(Resource.ACCESS_RECORD, {Category.AUDIT: "subject_id viewer_id day category purpose"})
@strawberry.input(description="Every field that is given must hold.")
class AccessRecordFilter:
    """Which looks at anybody's data."""

    subject_id: strawberry.ID | None = None
    viewer_id: strawberry.ID | None = None
    day: DateRange | None = None
    category: list[Category] | None = strawberry.field(default=None, description="One of them was shown.")
    purpose: list[Purpose] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class AnyCategory:
    """One of these categories is in the stored bit mask; none at all matches nothing."""

    column: ColumnElement[int]

    def form(self, value: Any) -> Hashable | None:  # noqa: ANN401  see Criterion
        """One, whatever the number."""
        return None if value is None else ()

    def predicates(self, name: str, _form: Hashable) -> Sequence[ColumnElement[bool]]:
        """No index answers it: it is asked of rows in the order of days."""
        shared = self.column.op("&")(bindparam(name, type_=Integer()))
        return (shared != literal_column("0", Integer()),)

    def binds(self, name: str, value: Any, _request: Request) -> dict[str, Any]:  # noqa: ANN401  see Criterion
        """Their bits."""
        return {name: mask_of(Category(one) for one in value)}

    def canonical(self, value: Any) -> Any:  # noqa: ANN401  see Criterion
        """In whatever order and however often they were given."""
        return sorted({Category(one).value for one in value})


_SORTS: Final = {"DAY_DESC": Sort(_ROW.day, descending=True)}
_CRITERIA: Final[Mapping[str, Criterion]] = {
    "day": Between(_ROW.day),
    "category": AnyCategory(_ROW.categories),
    "purpose": OneOf(_ROW.purpose),
}
_PEOPLE: Final[Mapping[str, Criterion]] = {
    "subject_id": Reference(_ROW.subject_id, lambda: PERSON),
    "viewer_id": Reference(_ROW.viewer_id, lambda: PERSON),
}
MY_ACCESS_LOG: Final = Listing("Query.myAccessLog", lambda: ACCESS_LOG, _SORTS, _CRITERIA)
ACCESS_RECORDS: Final = Listing(
    "Query.accessRecords", lambda: ACCESS_RECORD, _SORTS, {**_PEOPLE, **_CRITERIA}
)


@strawberry.type
class AccessQueries:
    """Queries about who was shown whose data."""

    @strawberry.field(
        metadata={LISTING: MY_ACCESS_LOG},
        description="Who was shown the caller's own data, the newest day first.",
    )
    async def my_access_log(
        self,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        filter: AccessLogFilter | None = None,
    ) -> Connection[AccessLogEntry]:
        """A page."""
        return await listed_page(info, MY_ACCESS_LOG, first, after, filter)

    @strawberry.field(
        metadata={LISTING: ACCESS_RECORDS},
        description="Who was shown whose data, the newest day first. For who oversees privacy.",
    )
    async def access_records(
        self,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        filter: AccessRecordFilter | None = None,
    ) -> Connection[AccessRecord]:
        """A page."""
        return await listed_page(info, ACCESS_RECORDS, first, after, filter)
