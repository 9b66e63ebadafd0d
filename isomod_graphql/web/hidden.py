"""Takes down who tried a change that the caller's schema does not have. It runs after the answer, which is that of something that does not exist."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import structlog
from graphql import DocumentNode, GraphQLSchema, OperationType

from isomod_graphql.audit.service import record_denial
from isomod_graphql.core.store import Store
from isomod_graphql.engine.arguments import Variables
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.class_schemas import ClassSchema
from permissions.decisions import DenialReason, Denied, may
from permissions.grants import Action
from permissions.principals import Principal
from schema.limits import OperationShape
from schema.limits.validation import validate_document

log: Any = structlog.get_logger("isomod.hidden")
MOST_PENDING: Final = 1_000


@dataclass(frozen=True, slots=True)
class Tried:
    """A document that was refused because it does not fit the caller's schema."""

    document: DocumentNode = field(repr=False)
    operation: OperationShape = field(repr=False)
    variables: Mapping[str, Any] = field(repr=False)
    principal: Principal


class Watchman(Protocol):
    """Hears of refused documents."""

    def look(self, tried: Tried) -> None:
        """Returns at once."""


class HiddenAttempts:
    """One per process."""

    def __init__(
        self,
        schema: GraphQLSchema,
        catalogue: Catalogue,
        store: Store,
        fitting: Callable[[Principal], ClassSchema],
    ) -> None:
        """`schema` is the whole one."""
        self._schema, self._catalogue, self._store, self._fitting = schema, catalogue, store, fitting
        self._pending: set[asyncio.Task[None]] = set()

    def look(self, tried: Tried) -> None:
        """Puts the denial on record soon. Whoever floods it is told in the log instead."""
        kind, who = tried.operation.kind, tried.principal
        if who.tenant_id is None or (kind is not OperationType.MUTATION and who.viewed_by is None):
            return
        if len(self._pending) >= MOST_PENDING:
            log.warning("denials.not_recorded", pending=len(self._pending))
            return
        task = asyncio.create_task(self._record(tried))
        self._pending.add(task)
        task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Everything that was seen is on record."""
        await asyncio.gather(*self._pending, return_exceptions=True)

    async def _record(self, tried: Tried) -> None:
        who = tried.principal
        entity = None if who.viewed_by is None or who.person_id is None else ("User", who.person_id)
        for action, reason in list(self._denied(tried)):
            await record_denial(self._store, who, action.value, reason.value, entity=entity)

    def _denied(self, tried: Tried) -> Iterator[tuple[Action, DenialReason]]:
        """The changes that exist and that this caller does not have; a word that nobody has is no attempt."""
        if tried.operation.kind is OperationType.SUBSCRIPTION:
            yield Action.VIEW_AS, DenialReason.VIEW_AS
        root, own = self._schema.mutation_type, self._fitting(tried.principal).schema.mutation_type
        if root is None:
            return
        names = sorted(name for name in tried.operation.root_fields if name in root.fields)
        if tried.principal.viewed_by is not None:
            yield from ((self._catalogue.needs[root.name, name], DenialReason.VIEW_AS) for name in names)
            return
        hidden = [name for name in names if own is None or name not in own.fields]
        if not hidden and not self._fits(tried):
            return
        now = self._store.clock.now()
        for name in hidden or names:
            action = self._catalogue.needs[root.name, name]
            verdict = may(tried.principal, action, now=now)
            yield action, verdict.reason if isinstance(verdict, Denied) else DenialReason.FIELD

    def _fits(self, tried: Tried) -> bool:
        """With every argument and field that there is, the document could be run."""
        if validate_document(self._schema, tried.document):
            return False
        variables = Variables(self._schema, tried.operation.node).values(
            dict(tried.variables), tried.document
        )
        return not isinstance(variables, list)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._pending.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.warning("denials.not_recorded", kind=type(failure).__qualname__)
