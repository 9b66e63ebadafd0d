"""How a mutation ends: its row, or expected refusals as data. Refuses masked values and text that cannot be stored, before anything is compared."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar
from uuid import UUID

import strawberry

from isomod_graphql.audit.service import record_denial
from isomod_graphql.core.errors import BadInput, Forbidden, MaskedValueRejected, Refusal, StepUpRequired
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.projection import View
from isomod_graphql.engine.request import Request
from isomod_graphql.engine.viewer import ActionForbidden, GrantRefused
from permissions.masks import is_masked_text
from schema.scalars import is_storable


@strawberry.type(description="An expected refusal. `code` is stable; `field` names the input field at fault.")
class UserError:
    """Data, not an error: a client can show it."""

    code: str
    field: str | None
    message: str

    @classmethod
    def of(cls, refusal: Refusal) -> "UserError":
        """The refusal as data."""
        return cls(code=refusal.code, field=refusal.field, message=refusal.message)


T = TypeVar("T")
Work = Callable[[Transaction], Awaitable[UUID]]


async def outcome(
    request: Request, action: str, given: object, entity: Entity, work: Work
) -> tuple[View | None, list[UserError]]:
    """Runs one root mutation in a transaction of its own and loads what it made, as the caller may see it.

    A refusal of access is put on record and raised; an expected refusal comes back as data.
    """
    refused = await attempt(request, action, given, work)
    if isinstance(refused, UserError):
        return None, [refused]
    return await request.load(entity, refused), []


async def attempt(request: Request, action: str, given: object, work: Work) -> UUID | UserError:
    """The id that `work` made, or the refusal."""

    async def in_transaction() -> UUID:
        async with request.writing() as tx:
            return await work(tx)

    return await guarded(request, action, given, in_transaction)


async def guarded(
    request: Request, action: str, given: object, work: Callable[[], Awaitable[T]]
) -> T | UserError:
    """What `work` gives, which opens its own transactions, or the refusal. A denial is put on record and raised."""
    try:
        refuse_unstorable(given)
        await request.end_reading()
        return await work()
    except Refusal as refusal:
        if isinstance(refusal, GrantRefused):
            await record_denial(request.store, request.viewer.principal, action, refusal.reason.value)
        return UserError.of(refusal)
    except (Forbidden, StepUpRequired) as denial:
        reason = denial.reason.value if isinstance(denial, ActionForbidden) else denial.code
        await record_denial(request.store, request.viewer.principal, action, reason)
        raise


def refuse_unstorable(given: object) -> None:
    """Raises MaskedValueRejected or BadInput with the name of the input field."""
    for name, text in _texts("input", given):
        if is_masked_text(text):
            raise MaskedValueRejected(field=name)
        if not is_storable(text):
            raise BadInput(field=name)


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401  any input
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(name, item)
    elif is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            yield from _texts(_camel(part.name), getattr(value, part.name))


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
