"""What the inputs of changes have in common: absent is not null, and an id names a row of one kind. Refuses null where something must stay."""

from collections.abc import Iterable
from typing import Annotated, Any, Final, TypeVar

import strawberry
from strawberry.utils.str_converters import to_camel_case

from isomod_graphql.core.errors import BadInput
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.request import Request

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
