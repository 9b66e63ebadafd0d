"""Operations explained beside their answers, or instead of them. Refuses to decide who may see an explanation."""

from dataclasses import replace
from time import perf_counter_ns
from typing import Any

import orjson
from graphql import ExecutionResult, OperationDefinitionNode

from isomod_graphql.core.errors import IsoModError
from isomod_graphql.core.instants import JSON
from isomod_graphql.engine.compiler import Asked
from isomod_graphql.engine.explaining import COMPILED, REFERENCE, REFUSED, Explaining, Explanation
from isomod_graphql.engine.shapes import NotCompiled, Unsupported
from isomod_graphql.engine.watching import Watch
from isomod_graphql.engine.wishes import PLAIN, Wish
from permissions.principals import Principal
from schema.execution import Answered, Execution


class Explainer:
    """One per process, beside the execution that it explains."""

    def __init__(self, execution: Execution) -> None:
        """Reads what the execution prepared, and prepares nothing of its own."""
        self._execution = execution
        self._explaining = Explaining(execution.schema, execution.catalogue)

    def plan(self, asked: Asked, points: int, watch: Watch | None = None) -> Explanation:
        """How the operation is answered; nothing runs and nothing is read. `points` is its cost."""
        execution, explaining = self._execution, self._explaining
        try:
            execution.refuse(asked)
        except IsoModError as refusal:
            return explaining.explanation(asked, points, (), REFUSED, refusal.code)
        if not execution.compiles:
            return self._by_reference(asked, points, Unsupported.FORCED)
        try:
            levels = explaining.compiled(asked, execution.compiler.program(asked), watch)
        except NotCompiled as left:
            return self._by_reference(asked, points, left.reason)
        return explaining.explanation(asked, points, levels, COMPILED, None)

    def _by_reference(self, asked: Asked, points: int, reason: Unsupported) -> Explanation:
        levels = self._explaining.by_reference(asked)
        return self._explaining.explanation(asked, points, levels, REFERENCE, reason)

    async def run(
        self,
        operation: OperationDefinitionNode,
        document: Any,  # noqa: ANN401  a DocumentNode
        document_hash: bytes,
        variables: dict[str, Any],
        principal: Principal,
        services: object,
        *,
        points: int,
        timed: bool,
        wish: Wish = PLAIN,
    ) -> tuple[ExecutionResult | Answered, Explanation | None]:
        """The answer as the execution gives it, and how it came about; none where variables do not fit.

        Raises what Execution.run raises.
        """
        execution = self._execution
        asked = execution.asked(operation, document, document_hash, variables, principal, wish)
        if isinstance(asked, ExecutionResult):
            return asked, None
        execution.refuse(asked)
        watch = Watch()
        begin = perf_counter_ns()
        answer = await execution.answer(asked, document_hash, variables, services, watch)
        took = (perf_counter_ns() - begin) // 1_000
        explanation = self.plan(asked, points, watch if timed else None)
        if watch.left is not None and explanation.answered == COMPILED:
            explanation = self._by_reference(asked, points, watch.left)
        return answer, replace(explanation, microseconds=took if timed else None)


def beside(answer: ExecutionResult | Answered, explanation: Explanation | None) -> ExecutionResult | Answered:
    """The answer with the explanation in `extensions.explain`."""
    if explanation is None:
        return answer
    told = explanation.as_json()
    if isinstance(answer, Answered):
        members = orjson.loads(answer.body)
        members["extensions"] = {**members.get("extensions", {}), "explain": told}
        return Answered(orjson.dumps(members, option=JSON))
    answer.extensions = {**(answer.extensions or {}), "explain": told}
    return answer
