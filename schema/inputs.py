"""What the inputs of changes have in common: absent is not null, and an id names a row of one kind. Refuses null where something must stay."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import strawberry
from strawberry.utils.str_converters import to_camel_case

from isomod_graphql.core.errors import BadInput
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.request import Request
from permissions.categories import PERSONAL, Category
from permissions.caveats import Caveats
from schema.entities import LOCATION

T = TypeVar("T")
Given = Annotated[T, strawberry.argument(description="What is to be done, and under which conditions.")]
"""The only argument of a mutation."""

EXPECTED_VERSION: Final = (
    "The version that was read. When another one is stored, nothing is done: STALE_VERSION."
)
IDEMPOTENCY_KEY: Final = (
    "1 to 200 characters of the caller's choice. Within 24 hours the same key with the same input has one effect "
    "and the answer is given again; with other input it is refused: IDEMPOTENCY_CONFLICT."
)
USER_ERRORS: Final = "Why nothing was done; empty when it was."


CATEGORIES: Final = "The categories of personal data that it is good for; without them every one. Other data follows its rows."


@dataclass(frozen=True, slots=True)
class RowIds:
    """Ids of rows that are no nodes: sealed like global ids, under a type byte of their own."""

    code: int

    def seal(self, request: Request, row_id: UUID) -> str:
        """The opaque id."""
        return request.ids.seal(self.code, row_id)

    def open(self, request: Request, text: str) -> UUID:
        """The row, as Request.row_id."""
        return request.opened(text, self.code)


def caveats_given(
    request: Request, sites: list[Any] | None, networks: list[str], categories: list[Category] | None
) -> Caveats:
    """What a credential is narrowed to; whether the sites are any is asked by who makes it. Raises BadInput."""
    rows = None if sites is None else [request.row_id(one, LOCATION) for one in sites]
    try:
        return Caveats(
            sites=None if rows is None else frozenset(rows),
            networks=tuple(networks),
            categories=None if categories is None else frozenset(categories) & PERSONAL,
        )
    except ValueError:
        raise BadInput("A network is written as in 192.0.2.0/24.", field="networks") from None


def said(given: object, names: Iterable[str], *, kept: Iterable[str] = ()) -> dict[str, Any]:
    """What was said of these fields: an absent one is left out, null removes.

    Raises BadInput for a null in one of `kept`, which cannot be without a value.
    """
    values = {name: getattr(given, name) for name in names}
    changes = {name: value for name, value in values.items() if value is not strawberry.UNSET}
    for name in kept:
        if name in changes and changes[name] is None:
            raise BadInput("This can be changed, not removed.", field=to_camel_case(name))
    return changes


def must_say(given: object, name: str, message: str) -> None:
    """Null says something here and leaving it out could be a slip. Raises BadInput with this message."""
    if getattr(given, name) is strawberry.UNSET:
        raise BadInput(message, field=to_camel_case(name))


def rows(request: Request, values: dict[str, Any], **entities: Entity) -> dict[str, Any]:
    """The same with the named global ids, or lists of them, as ids of rows. An id that names nothing becomes one that no row has."""
    return values | {
        name: _row(request, values[name], entity)
        for name, entity in entities.items()
        if values.get(name) is not None
    }


def _row(request: Request, value: Any, entity: Entity) -> Any:  # noqa: ANN401  one id or several
    if isinstance(value, str):
        return request.row_id(value, entity)
    return tuple(request.row_id(one, entity) for one in value)
