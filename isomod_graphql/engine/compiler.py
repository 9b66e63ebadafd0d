"""The compiled path: programs by plan and structure, and one answer from each run of them. Refuses, with a counted reason, what the reference executor has to do."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode
from graphql.execution.values import VariableValues

from isomod_graphql.core.errors import MaskedAnswerRejected
from isomod_graphql.core.instants import JSON
from isomod_graphql.core.keystore import TenantKeys
from isomod_graphql.core.store import Store
from isomod_graphql.engine.bounded import Bounded
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.masking import foretold
from isomod_graphql.engine.opening import opened_of
from isomod_graphql.engine.plan import Plan
from isomod_graphql.engine.readers import Reader, binds_of, structure_of
from isomod_graphql.engine.rendering import Rendering
from isomod_graphql.engine.request import Request
from isomod_graphql.engine.running import Run
from isomod_graphql.engine.shapes import NotCompiled, Unsupported
from isomod_graphql.engine.shaping import shape_of
from isomod_graphql.engine.stages import Program, program_of
from isomod_graphql.engine.statements import raw
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.engine.watching import Watch
from isomod_graphql.engine.wishes import PLAIN, Wish

PROGRAM_BYTES: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation of one viewer, planned and with coerced variables."""

    document: DocumentNode
    operation: OperationDefinitionNode
    plan: Plan
    variables: VariableValues
    viewer: Viewer
    wish: Wish = PLAIN


class Compiler:
    """One per process. `fallbacks` counts what was left to the reference executor, by reason."""

    def __init__(self, schema: GraphQLSchema, catalogue: Catalogue, store: Store) -> None:
        """Programs are kept up to 32 MiB."""
        self._schema, self._catalogue, self._store = schema, catalogue, store
        self.programs: Bounded[Program] = Bounded(PROGRAM_BYTES)
        self.fallbacks: Counter[Unsupported] = Counter()
        self.answers = 0

    def program(self, asked: Asked) -> Program:
        """The program of an operation for viewers of this structure. Raises NotCompiled."""
        plan, variables = asked.plan, asked.variables
        switches = tuple(variables.coerced.get(name) for name in plan.switches)
        key = (plan, structure_of(asked.viewer), switches)
        found = self.programs.find(key)
        if found is None:
            shape = shape_of(self._schema, self._catalogue, asked.document, asked.operation, variables)
            found = program_of(shape, Reader.of(asked.viewer))
            self.programs.keep(key, found, found.weight)
        return found

    async def answer(self, asked: Asked, request: Request, watch: Watch | None = None) -> bytes | None:
        """The whole response body; `request` holds who is asking and takes down what is released, `watch` the times.

        None, counted, when the reference executor has to answer. Raises StatementTimeout, ServiceUnavailable, and
        MaskedAnswerRejected.
        """
        if request.keys is None:
            self.fallbacks[Unsupported.NOBODY] += 1
            return None
        try:
            body = await self._run(self.program(asked), asked, request, request.keys, watch)
        except NotCompiled as refusal:
            self.fallbacks[refusal.reason] += 1
            if watch is not None:
                watch.left = refusal.reason
            return None
        self.answers += 1
        return body

    async def _run(
        self, program: Program, asked: Asked, request: Request, keys: TenantKeys, watch: Watch | None
    ) -> bytes:
        viewer, store = asked.viewer, self._store
        making, showing = (Run, Rendering) if watch is None else watch.kinds()
        program = program if watch is None else watch.watched(program)
        binds = {name: raw(value) for name, value in binds_of(viewer).items()}
        async with store.main.reading(viewer.tenant_id) as reading:
            run = making(
                reading, request, keys, asked.variables, binds, _bytes(viewer.person_id), program.single
            )
            roots = await run.load(program)
        if asked.wish is not PLAIN:
            # What is masked is known from the rows: nothing was opened yet, and nothing will be.
            withheld = await showing(run, {}).masking()
            if asked.wish.dry_run:
                return orjson.dumps({"data": None, "extensions": {"masking": foretold(withheld)}})
            if withheld is not None:
                raise MaskedAnswerRejected
        rendering = showing(run, await opened_of(run, store.keystore))
        members: dict[str, Any] = {"data": rendering.data(program, roots)}
        if request.telling is not None:
            request.telling.seen = has_told(members["data"])
        masking = await rendering.masking()
        if masking is not None:
            members["extensions"] = {"masking": masking}
        body = orjson.dumps(members, option=JSON)
        request.released = rendering.released()
        return body


def has_told(data: Mapping[str, Any] | None) -> bool:
    """The root field of a subscription has a row."""
    return data is not None and any(value is not None for value in data.values())


def _bytes(person: UUID | None) -> bytes:
    """Nobody's id equals no column, not even an empty one."""
    return b"" if person is None else person.bytes
