"""Runs one validated operation: plan, refuse, execute, say what was masked. Refuses everything that can be refused before the first statement."""

from collections import OrderedDict
from typing import Any

from graphql import ExecutionResult, GraphQLSchema, OperationDefinitionNode, execute
from graphql.execution.values import get_variable_values

from isomod_graphql.core.clock import Clock
from isomod_graphql.core.store import Store
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.loading import Levels
from isomod_graphql.engine.masking import masking_of
from isomod_graphql.engine.plan import Plan, plan_operation, refuse_revealing_arguments
from isomod_graphql.engine.request import Request
from isomod_graphql.engine.viewer import Viewer
from permissions.decisions import Vector
from permissions.principals import Principal

PLANS = 2_000
"""Plans kept; a plan refers to its document's syntax tree, which the door's own cache bounds in bytes."""


class PlanCache:
    """Plans by (document hash, operation, decision vector); the least recently used one leaves first."""

    def __init__(self, most: int = PLANS) -> None:
        """At most `most` plans."""
        self._most = most
        self._plans: OrderedDict[tuple[bytes, str | None, Vector], Plan] = OrderedDict()
        self.hits = self.misses = 0

    def find(self, key: tuple[bytes, str | None, Vector]) -> Plan | None:
        """The plan, if it was made before."""
        plan = self._plans.get(key)
        if plan is None:
            self.misses += 1
            return None
        self.hits += 1
        self._plans.move_to_end(key)
        return plan

    def keep(self, key: tuple[bytes, str | None, Vector], plan: Plan) -> Plan:
        """Keeps the plan and returns it."""
        self._plans[key] = plan
        if len(self._plans) > self._most:
            self._plans.popitem(last=False)
        return plan


class Execution:
    """The reference path: Strawberry's resolvers under graphql-core, fed by level loaders and one projector."""

    def __init__(self, schema: GraphQLSchema, catalogue: Catalogue, store: Store, clock: Clock) -> None:
        """One per process."""
        self.schema, self.catalogue, self.store, self.clock = schema, catalogue, store, clock
        self.plans = PlanCache()
        self.levels = Levels()

    async def run(
        self,
        operation: OperationDefinitionNode,
        document: Any,  # noqa: ANN401  a DocumentNode
        document_hash: bytes,
        variables: dict[str, Any],
        principal: Principal,
        services: object,
    ) -> ExecutionResult:
        """Raises FieldNotReadable before any SQL; everything else is in the result."""
        viewer = Viewer.at(principal, self.clock.now())
        plan = self._plan(operation, document, document_hash, viewer.vector)
        coerced = get_variable_values(
            self.schema, operation.variable_definitions or (), variables, hide_suggestions=True
        )
        if isinstance(coerced, list):
            return ExecutionResult(None, coerced)
        refuse_revealing_arguments(plan, self.catalogue, viewer, coerced)
        keys = await self.store.keystore.tenant(principal.tenant_id) if principal.tenant_id else None
        request = Request(self.store, keys, self.catalogue, plan, viewer, services, levels=self.levels)
        try:
            name = operation.name.value if operation.name else None
            ran = execute(self.schema, document, None, request, variables, name, hide_suggestions=True)
            result = ran if isinstance(ran, ExecutionResult) else await ran
        finally:
            await request.end_reading()
        masking = masking_of(request.seen, result.data)
        if masking is not None:
            result.extensions = {**(result.extensions or {}), "masking": masking}
        return result

    def _plan(self, operation: OperationDefinitionNode, document: Any, digest: bytes, vector: Vector) -> Plan:  # noqa: ANN401
        name = operation.name.value if operation.name else None
        key = (digest, name, vector)
        found = self.plans.find(key)
        if found is not None:
            return found
        return self.plans.keep(key, plan_operation(self.schema, self.catalogue, document, operation, vector))
