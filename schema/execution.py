"""Runs one validated operation: plan, refuse, answer, take down who was shown whose data. Refuses everything that can be refused before the first statement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    execute,
)

from isomod_graphql.audit.models import VIEWED_AS
from isomod_graphql.core.clock import Clock
from isomod_graphql.core.errors import (
    BadInput,
    FieldNotReadable,
    MaskedAnswerRejected,
    ServiceUnavailable,
    StatementTimeout,
)
from isomod_graphql.core.store import Store
from isomod_graphql.engine.bounded import Bounded
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.class_schemas import ClassSchema, ClassSchemas, schema_of_all
from isomod_graphql.engine.compiler import Asked, Compiler, has_told
from isomod_graphql.engine.field_access import refuse_unknown_fields
from isomod_graphql.engine.loading import Levels
from isomod_graphql.engine.masking import foretold, masking_of
from isomod_graphql.engine.plan import Plan, plan_operation, refuse_revealing_arguments
from isomod_graphql.engine.recording import Access, Recorder
from isomod_graphql.engine.request import Request, Telling
from isomod_graphql.engine.shapes import Unsupported
from isomod_graphql.engine.telling import Topic, topic_of
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.engine.watching import Watch
from isomod_graphql.engine.wishes import PLAIN, Wish
from permissions.principals import Principal
from schema.limits.misfits import misfits_in, nulls_in

PLAN_BYTES: Final = 12 << 20
BYTES_PER_COORDINATE: Final = 700
"""Measured, with the share of the maps that every plan has."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer as JSON, without an error in it."""

    body: bytes = field(repr=False)


class Execution:
    """One per process. Queries run compiled; everything else, and what the compiler leaves, through Strawberry's resolvers."""

    def __init__(
        self,
        schema: GraphQLSchema,
        catalogue: Catalogue,
        store: Store,
        clock: Clock,
        recorder: Recorder,
        *,
        compiles: bool = True,
        classes: bool = False,
    ) -> None:
        """`compiles` False sends every operation through the reference executor; `classes`: callers have the schema of their class."""
        self._all = schema_of_all(schema)
        self._classes = ClassSchemas(schema, catalogue) if classes else None
        self.schema, self.catalogue, self.store, self.clock = schema, catalogue, store, clock
        self.plans: Bounded[Plan] = Bounded(PLAN_BYTES)
        self.levels = Levels()
        self.compiler = Compiler(schema, catalogue, store)
        self._recorder, self.compiles = recorder, compiles

    def fitting(self, principal: Principal) -> ClassSchema:
        """The schema that documents of this caller must fit."""
        if self._classes is None:
            return self._all
        return self._classes.of(Viewer.at(principal, self.clock.now()))

    async def run(
        self,
        operation: OperationDefinitionNode,
        document: Any,  # noqa: ANN401  a DocumentNode
        document_hash: bytes,
        variables: dict[str, Any],
        principal: Principal,
        services: object,
        wish: Wish = PLAIN,
    ) -> ExecutionResult | Answered:
        """Everything but a refusal of the whole request is in the result.

        Raises what `refuse` raises before any SQL, MaskedAnswerRejected, and AccessRecordUnavailable when it cannot be
        written down who was shown whose data.
        """
        asked = self.asked(operation, document, document_hash, variables, principal, wish)
        if isinstance(asked, ExecutionResult):
            return asked
        self.refuse(asked)
        return await self.answer(asked, document_hash, variables, services)

    def asked(
        self,
        operation: OperationDefinitionNode,
        document: Any,  # noqa: ANN401  a DocumentNode
        document_hash: bytes,
        variables: dict[str, Any],
        principal: Principal,
        wish: Wish = PLAIN,
    ) -> Asked | ExecutionResult:
        """The operation planned for this caller, or the errors of its variables. Refuses nothing yet."""
        viewer = Viewer.at(principal, self.clock.now())
        plan = self._plan(operation, document, document_hash, viewer)
        coerced = plan.variables.values(variables, document)
        if isinstance(coerced, list):
            # To nobody the names of inputs are not told either.
            known = principal.kind != "NOBODY"
            own = self.fitting(principal).schema
            told = misfits_in(own, document, operation, variables) if known else []
            nulls = nulls_in(own, document, coerced) if known else []
            return ExecutionResult(None, [*told, *nulls] or coerced)
        return Asked(document, operation, plan, coerced, viewer, wish)

    def refuse(self, asked: Asked) -> None:
        """Raises FieldNotReadable for an argument or a measure that reveals, BadInput for a field that is not there or a wish that cannot be met,
        and a denial for rows that the caller may not ask for.
        """
        plan = asked.plan
        for action in plan.lacking:
            asked.viewer.require(action)
        if plan.unreadable:
            raise FieldNotReadable
        if plan.governed:
            refuse_revealing_arguments(plan, self.catalogue, asked.viewer, asked.variables)
        if plan.asking:
            refuse_unknown_fields(plan.asking, asked.variables)
        if asked.wish is not PLAIN and asked.operation.operation is not OperationType.QUERY:
            # What a change answers is known when it has been made.
            raise BadInput(
                "Only a query can be rejected for its masks, or run dry.", field="extensions.masking"
            )

    async def answer(
        self,
        asked: Asked,
        document_hash: bytes,
        variables: dict[str, Any],
        services: object,
        watch: Watch | None = None,
        telling: Telling | None = None,
    ) -> ExecutionResult | Answered:
        """Runs what was not refused; `watch` takes down times. Raises AccessRecordUnavailable and MaskedAnswerRejected.

        A subscription is answered for the event of `telling`, which knows afterwards whether anything may leave.
        """
        self._recorder.underway += 1
        try:
            return await self._answered(asked, document_hash, variables, services, watch, telling)
        finally:
            self._recorder.underway -= 1

    async def topic(self, asked: Asked) -> Topic:
        """What a subscription that was not refused wants to hear of. Raises Unauthenticated for nobody."""
        keys = await self.store.keystore.tenant(asked.viewer.tenant_id)
        return topic_of(self.compiler.program(asked), asked, keys)

    async def _answered(
        self,
        asked: Asked,
        document_hash: bytes,
        variables: dict[str, Any],
        services: object,
        watch: Watch | None,
        telling: Telling | None,
    ) -> ExecutionResult | Answered:
        viewer, tenant = asked.viewer, asked.viewer.principal.tenant_id
        keys = await self.store.keystore.tenant(tenant) if tenant else None
        request = Request(
            self.store,
            keys,
            self.catalogue,
            asked.plan,
            viewer,
            services,
            levels=self.levels,
            telling=telling,
        )
        try:
            answer = await self._compiled(asked, request, watch)
            if answer is None:
                answer = await self._by_reference(asked, variables, request)
        finally:
            await request.end()
        if request.released:
            await self._recorder.record(access_of(viewer, document_hash, request.released))
        return answer

    async def _compiled(
        self, asked: Asked, request: Request, watch: Watch | None
    ) -> ExecutionResult | Answered | None:
        """None where the reference executor has to answer."""
        if not self.compiles:
            self.compiler.fallbacks[Unsupported.FORCED] += 1
            return None
        try:
            compiled = await self.compiler.answer(asked, request, watch)
        except (StatementTimeout, ServiceUnavailable) as failure:
            return _failed(asked.operation, failure)
        return None if compiled is None else Answered(compiled)

    async def _by_reference(
        self, asked: Asked, variables: dict[str, Any], request: Request
    ) -> ExecutionResult:
        """Strawberry's resolvers under graphql-core, fed by level loaders and one projector."""
        name = asked.operation.name.value if asked.operation.name else None
        schema = self._all if self._classes is None else self._classes.of(asked.viewer)
        ran = execute(schema.schema, asked.document, None, request, variables, name, hide_suggestions=True)
        result = ran if isinstance(ran, ExecutionResult) else await ran
        request.settle(result.data, failed=bool(result.errors))
        if request.telling is not None:
            request.telling.seen = has_told(result.data)
        masking = masking_of(request.seen, result.data)
        if asked.wish is not PLAIN and (asked.wish.dry_run or masking is not None):
            request.released.clear()
            if not asked.wish.dry_run:
                raise MaskedAnswerRejected
            return ExecutionResult(None, result.errors, {"masking": foretold(masking)})
        if masking is not None:
            result.extensions = {**(result.extensions or {}), "masking": masking}
        return result

    def _plan(self, operation: OperationDefinitionNode, document: Any, digest: bytes, viewer: Viewer) -> Plan:  # noqa: ANN401
        key = (digest, operation.name.value if operation.name else None, viewer.key)
        found = self.plans.find(key)
        if found is not None:
            return found
        schema = self._all if self._classes is None else self._classes.of(viewer)
        plan = plan_operation(
            self.schema, self.catalogue, document, operation, viewer.vector, inputs=schema.schema
        )
        return self.plans.keep(key, plan, BYTES_PER_COORDINATE * (20 + len(plan.coordinates)))


def access_of(viewer: Viewer, document_hash: bytes, released: Mapping[int, set[bytes]]) -> Access:
    """What the recorder is told of one answer."""
    principal = viewer.principal
    kind: str = principal.kind
    if principal.viewed_by is not None and principal.person_id is not None:
        kind = f"{VIEWED_AS}{principal.person_id}"
        # What is shown of the actor is no news to anybody.
        released = {bits: subjects - {viewer.actor_id.bytes} for bits, subjects in released.items()}
    return Access(
        viewer.tenant_id,
        viewer.actor_id,
        kind,
        principal.purpose,
        document_hash,
        viewer.now,
        released,
    )


def _failed(operation: OperationDefinitionNode, failure: Exception) -> ExecutionResult:
    """As the reference executor says it: the first root field failed, and with it the whole answer."""
    node = operation.selection_set.selections[0]
    name = node.alias or node.name if isinstance(node, FieldNode) else None
    path = [name.value] if name is not None else [""]
    return ExecutionResult(None, [GraphQLError(str(failure), nodes=node, path=path, original_error=failure)])
