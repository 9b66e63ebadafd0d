"""One list read to its end, page after page in one snapshot. Refuses a page on which more is withheld than restriction, consent and erasure withhold."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Self

from graphql.execution.values import VariableValues

from isomod_graphql.core.errors import ColumnNotReadable, ServiceUnavailable
from isomod_graphql.core.keystore import TenantKeys
from isomod_graphql.core.reading import Reading
from isomod_graphql.engine.compiler import Asked, Compiler
from isomod_graphql.engine.opening import opened_of
from isomod_graphql.engine.readers import binds_of
from isomod_graphql.engine.rendering import Rendering
from isomod_graphql.engine.request import Request
from isomod_graphql.engine.running import Run
from isomod_graphql.engine.shapes import NotCompiled
from isomod_graphql.engine.statements import raw
from permissions.decisions import Reason

PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page of rows as the caller may see them. `total` is known of the first one; `after` is None on the last."""

    rows: list[dict[str, Any]]
    total: int | None
    after: str | None
    released: Mapping[int, set[bytes]]


class Passage:
    """`async with` one: its connection reads one snapshot, and goes back however the block is left."""

    def __init__(
        self,
        compiler: Compiler,
        request: Request,
        keys: TenantKeys,
        reading: Reading,
        asked: Asked,
        listing: str,
    ) -> None:
        """`asked` is the document of one page (`export_columns.document_of`), `listing` its root field."""
        self._compiler, self._request, self._keys = compiler, request, keys
        self._reading, self._asked, self._listing = reading, asked, listing

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, why: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._reading.__aexit__(kind, why, trace)
        await self._request.end()

    async def page(self, variables: VariableValues) -> Leaf:
        """Raises ColumnNotReadable, StatementTimeout, ServiceUnavailable."""
        asked = replace(self._asked, variables=variables)
        viewer = asked.viewer
        binds = {name: raw(value) for name, value in binds_of(viewer).items()}
        me = b"" if viewer.person_id is None else viewer.person_id.bytes
        run = Run(self._reading, self._request, self._keys, variables, binds, me, single=False)
        program = self._compiler.program(asked)
        try:
            roots = await run.load(program)
        except NotCompiled:
            # A row on which the next page would begin has left a list that is kept in order in memory.
            raise ServiceUnavailable from None
        if any(reason is not Reason.PRIVACY for reason in _withheld(run)):
            raise ColumnNotReadable
        rendering = Rendering(run, await opened_of(run, self._request.store.keystore))
        found = rendering.data(program, roots)[self._listing]
        info = found["pageInfo"]
        after = info["endCursor"] if info["hasNextPage"] else None
        return Leaf(found["nodes"], found.get("totalCount"), after, rendering.released())


def _withheld(run: Run) -> set[Reason]:
    """Why values of these rows are withheld."""
    return {
        Reason(withheld.reason)
        for loaded in run.loaded
        for kinds in loaded.kinds
        for one in kinds
        if one is not None
        for withheld in one.layout.decisions.values()
    }
