"""How a mutation ends: its row, or expected refusals as data. Refuses who may not write, masked values and text that cannot be stored, before anything is compared."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar
from uuid import UUID

import strawberry

from isomod_graphql.audit.service import record_denial
from isomod_graphql.core.errors import (
    BadInput,
    Forbidden,
    NotFound,
    ProcessingRestricted,
    Refusal,
    StepUpRequired,
    SubjectErased,
)
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.classified import WriteRule, rule_of, tells
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.projection import View
from isomod_graphql.engine.request import Request
from isomod_graphql.engine.viewer import ActionForbidden, GrantRefused
from isomod_graphql.engine.writing import (
    Said,
    refuse_masked,
    require_readable,
    require_writable,
    said_in,
    texts_in,
)
from isomod_graphql.work_orders.errors import FourEyesRequired, NotAssigned
from permissions.categories import Category
from permissions.grants import Action
from schema.context import next_key
from schema.scalars import is_storable


@tells({Category.OPERATIONAL: "code field message"})
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


ON_RECORD: Final = (
    GrantRefused,
    NotFound,
    ProcessingRestricted,
    SubjectErased,
    NotAssigned,
    FourEyesRequired,
)
"""Expected refusals that are refusals of access: an id that names nothing within reach may have been a try."""

T = TypeVar("T")
Work = Callable[[Transaction], Awaitable[UUID]]
Over = tuple[Entity, UUID, list[Said], Action]


async def outcome(
    request: Request, action: str, given: object, entity: Entity, work: Work
) -> tuple[View | None, list[UserError]]:
    """Runs one root mutation in a transaction of its own and loads what it made, as the caller may see it.

    A refusal of access is put on record and raised; an expected refusal comes back as data.
    """
    refused = await attempt(request, action, given, work, entity)
    if isinstance(refused, UserError):
        return None, [refused]
    return await request.load(entity, refused), []


async def attempt(
    request: Request, action: str, given: object, work: Work, entity: Entity | None = None
) -> UUID | UserError:
    """The id that `work` made, or the refusal. With an entity, the row that the input names is asked as well."""

    async def in_transaction() -> UUID:
        over = None if entity is None else _written_over(request, given, entity)
        async with request.writing() as tx:
            if over is not None:
                await require_readable(tx, request.viewer, *over)
            return await work(tx)

    return await guarded(request, action, given, in_transaction)


async def guarded(
    request: Request, action: str, given: object, work: Callable[[], Awaitable[T]]
) -> T | UserError:
    """What `work` gives, which opens its own transactions, or the refusal. A denial is put on record and raised.

    Who may write is asked first, then whether the input can be written at all, then what is stored.
    """
    # Taken also by who is refused, so that each key stands for its place in the document.
    key = next_key(request.services)
    try:
        if given is not None:
            require_writable(request.viewer, list(said_in(given)), _action(given, action))
        _take_key(key, given)
        refuse_unstorable(given)
        await request.end_reading()
        return await work()
    except Refusal as refusal:
        if isinstance(refusal, ON_RECORD):
            reason = refusal.reason.value if isinstance(refusal, GrantRefused) else refusal.code
            await record_denial(request.store, request.viewer.principal, action, reason)
        return UserError.of(refusal)
    except (Forbidden, StepUpRequired) as denial:
        reason = denial.reason.value if isinstance(denial, ActionForbidden) else denial.code
        await record_denial(request.store, request.viewer.principal, action, reason)
        raise


def _take_key(key: str | None, given: Any) -> None:  # noqa: ANN401  any input
    """The key of the header stands in for the one of the input. Raises BadInput where it cannot, or where they differ."""
    if key is None:
        return
    if not hasattr(given, "idempotency_key"):
        raise BadInput("This cannot be asked for with an idempotency key.", field="idempotencyKey")
    if given.idempotency_key not in {None, key}:
        raise BadInput("The header Idempotency-Key holds another key.", field="idempotencyKey")
    given.idempotency_key = key


def refuse_unstorable(given: object) -> None:
    """Raises MaskedValueRejected or BadInput with the name of the input field."""
    refuse_masked("input", given)
    for name, text in texts_in("input", given):
        if not is_storable(text):
            raise BadInput(field=name)


def _written_over(request: Request, given: object, entity: Entity) -> Over | None:
    """The row that the input names and what is said of it. Raises a denial for an act that is not for this person."""
    rule = rule_of(type(given))
    if not isinstance(rule, WriteRule) or rule.row is None or rule.action is None:
        return None
    row_id = request.row_id(getattr(given, rule.row), entity)
    if entity.subject == "id":
        request.viewer.require(rule.action, subject_id=row_id)
    return entity, row_id, list(said_in(given)), rule.action


def _action(given: object, name: str) -> Action:
    """What the input says that it needs; where several mutations take it, the act has the name of its action."""
    rule = rule_of(type(given))
    if isinstance(rule, WriteRule) and rule.action is not None:
        return rule.action
    return Action(name)
