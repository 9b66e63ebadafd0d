"""Lists of people with a membership: how they are filtered and sorted. Names are compared in memory: they are not stored in the clear."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final
from uuid import UUID

import strawberry
from sqlalchemy import ColumnElement, Integer, LargeBinary, Select, bindparam, literal_column

from isomod_graphql.core.crypto import keyed_hash
from isomod_graphql.core.errors import Unauthenticated
from isomod_graphql.core.flags import ERASED
from isomod_graphql.core.search import words_of
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.text import fold
from isomod_graphql.engine.classified import reveals
from isomod_graphql.engine.listing import Demand, InMemory, Listing, OneOf, Reference, Sort
from isomod_graphql.engine.loading import Level
from isomod_graphql.engine.request import Request
from isomod_graphql.identity.models import User
from isomod_graphql.subjects.facts import restriction_bits
from isomod_graphql.subjects.models import Person
from permissions.categories import Category
from permissions.reach import Resource
from schema.entities import LOCATION, PERSON
from schema.lists import SEARCHES
from schema.people import MembershipStatus
from schema.scalars import EmailAddress, SearchText


@reveals(Resource.PERSON, {Category.OPERATIONAL: "PSEUDONYM_ASC", Category.IDENTITY: "NAME_ASC NAME_DESC"})
@strawberry.enum(description="How people are sorted. NAME needs the right to read every name.")
class UserOrder(Enum):
    """PSEUDONYM sorts by what everybody may know: the kind of person and its number."""

    PSEUDONYM_ASC = "PSEUDONYM_ASC"
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"


@reveals(
    Resource.PERSON,
    {
        Category.OPERATIONAL: "status site_id",
        Category.CONTACT: "email",
        Category.IDENTITY: "name_prefix search",
    },
)
@strawberry.input(
    description="Every field that is given must hold. `email`, `namePrefix` and `search` need the right to read every one of them."
)
class UserFilter:
    """Which people."""

    email: EmailAddress | None = None
    name_prefix: str | None = None
    search: SearchText | None = strawberry.field(default=None, description=f"{SEARCHES} name.")
    status: list[MembershipStatus] | None = None
    site_id: strawberry.ID | None = None


_ROW: Final = Person.__table__.c
_MEMBER: Final = User.__table__.c
HIDDEN: Final = {
    category: restriction_bits([category]) | ERASED for category in (Category.CONTACT, Category.IDENTITY)
}
"""Whoever is restricted or erased takes no part in a comparison."""


@dataclass(frozen=True, eq=False, slots=True)
class EmailIndex:
    """The address whose keyed hash is stored; nobody whose address may not be used."""

    def form(self, value: Any) -> Hashable | None:  # noqa: ANN401  see Criterion
        """One."""
        return None if value is None else ()

    def predicates(self, name: str, _form: Hashable) -> Sequence[ColumnElement[bool]]:
        """An index answers the first."""
        hidden: ColumnElement[int] = literal_column(str(HIDDEN[Category.CONTACT]), Integer())
        shown = _ROW.flags.op("&")(hidden) == literal_column("0", Integer())
        return (_ROW.email_index == bindparam(name, type_=LargeBinary()), shown)

    def binds(self, name: str, value: Any, request: Request) -> dict[str, Any]:  # noqa: ANN401  see Criterion
        """The hash under the tenant's key. Raises Unauthenticated for nobody."""
        if request.keys is None:
            raise Unauthenticated
        return {name: keyed_hash(request.keys.index, "email", value)}

    def canonical(self, value: Any) -> Any:  # noqa: ANN401  see Criterion
        """As given: a cursor does not outlive another spelling."""
        return str(value)


@dataclass(frozen=True, eq=False, slots=True)
class NameStart:
    """A name, or words of it, that start with a text; compared in memory, so that SQL is asked nothing."""

    def form(self, value: Any) -> Hashable | None:  # noqa: ANN401  see Criterion
        """Nothing but spaces starts everything."""
        return () if value and fold(value) else None

    def predicates(self, _name: str, _form: Hashable) -> Sequence[ColumnElement[bool]]:
        """None."""
        return ()

    def binds(self, _name: str, _value: Any, _request: Request) -> dict[str, Any]:  # noqa: ANN401  see Criterion
        """None."""
        return {}

    def canonical(self, value: Any) -> Any:  # noqa: ANN401  see Criterion
        """Folded."""
        return fold(value)


@dataclass(frozen=True, slots=True)
class _Listed:
    """Somebody of the directory: the folded name, None where it may not be used, and the number of the pseudonym."""

    row_id: UUID
    name: str | None
    number: int


async def ids_by_name(request: Request, demand: Demand) -> list[UUID]:
    """The tenant's directory, sorted as asked; people without a readable name match no prefix, and by name they come last."""
    level = request.level(PERSON)
    statement = level.prepared(("names", demand.key), lambda: _directory(level, demand))
    people = await request.reading(lambda tx: _names(tx, statement, {**level.binds, **demand.binds(request)}))
    if "name_prefix" in demand.given:
        prefix = fold(demand.given["name_prefix"])
        people = [one for one in people if one.name is not None and one.name.startswith(prefix)]
    if "search" in demand.given:
        wanted = words_of(demand.given["search"])
        people = [one for one in people if wanted and one.name is not None and _has(one.name, wanted)]
    if demand.order == UserOrder.PSEUDONYM_ASC.name:
        return [one.row_id for one in sorted(people, key=lambda one: (one.number, one.row_id))]
    descending = demand.order == UserOrder.NAME_DESC.name
    named = sorted(((one.name, one.row_id) for one in people if one.name is not None), reverse=descending)
    return [row_id for _, row_id in named] + [one.row_id for one in people if one.name is None]


def _has(name: str, wanted: Sequence[str]) -> bool:
    words = words_of(name)
    return all(any(word.startswith(one) for word in words) for one in wanted)


def _directory(level: Level, demand: Demand) -> Select[Any]:
    everybody = level.count(demand.predicates(level.viewer))
    columns = (_ROW.id, _ROW.flags, _ROW.sealed_account, _ROW.pseudonym_number)
    return everybody.with_only_columns(*columns).order_by(_ROW.id)


async def _names(tx: Transaction, statement: Select[Any], binds: dict[str, Any]) -> list[_Listed]:
    rows = [row._mapping for row in await tx.all(statement, binds)]  # noqa: SLF001  SQLAlchemy's public name
    names = await tx.open_rows(Person, rows, ["name"])
    hidden = HIDDEN[Category.IDENTITY]
    return [
        _Listed(
            row["id"],
            fold(opened["name"]) if opened["name"] and not row["flags"] & hidden else None,
            row["pseudonym_number"],
        )
        for row, opened in zip(rows, names, strict=True)
    ]


USERS: Final = Listing(
    "Query.users",
    lambda: PERSON,
    {"PSEUDONYM_ASC": Sort(_ROW.pseudonym_number)},
    {
        "email": EmailIndex(),
        "name_prefix": NameStart(),
        "search": NameStart(),
        "status": OneOf(_MEMBER.status),
        "site_id": Reference(_ROW.site_id, lambda: LOCATION),
    },
    always=(_MEMBER.id.is_not(None),),
    in_memory=InMemory(
        frozenset({"NAME_ASC", "NAME_DESC"}), frozenset({"name_prefix", "search"}), ids_by_name
    ),
)
