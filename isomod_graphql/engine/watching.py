"""A watch on one compiled run: how long each level's statements, decisions and projection took. Refuses to keep anything but times."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from time import perf_counter_ns
from typing import Any

from isomod_graphql.engine.loaded import Loaded
from isomod_graphql.engine.rendering import Objects, Rendering
from isomod_graphql.engine.running import Run
from isomod_graphql.engine.shapes import ObjectShape, Unsupported
from isomod_graphql.engine.stages import Nest, Program, SlotStage, Stage
from isomod_graphql.engine.statements import Sql


@dataclass(slots=True)
class Spent:
    """Nanoseconds of one level."""

    sql: int = 0
    rows: int = 0
    projection: int = 0


@dataclass(eq=False, slots=True)
class Watch:
    """Takes part in one run only; without one, nothing is measured and nothing is paid."""

    levels: dict[int, Spent] = field(default_factory=dict)
    """By the identity of a level's records."""
    statements: list[tuple[Sql, int]] = field(default_factory=list)
    """Every statement that was sent, in order, and how long its rows took to come."""

    left: Unsupported | None = None
    """Why the run was left to the reference executor."""

    def watched(self, program: Program) -> Program:
        """The same program, whose decisions are timed; it shares everything that it prepared."""
        stages = {
            item: {name: self._stage(stage) for name, stage in by_name.items()}
            for item, by_name in program.stages.items()
        }
        return Program(program.items, stages, program.counts)

    def _stage(self, stage: Stage) -> Stage:
        spent = self.levels.setdefault(id(stage.records), Spent())
        made = copy(stage)
        made.slots = [replace(slot, decide=_timed(slot.decide, spent)) for slot in stage.slots]
        made.nests = [Nest(nest.above, nest.item, self._stage(nest.stage)) for nest in stage.nests]
        return made

    def kinds(self) -> tuple[type[Run], type[Rendering]]:
        """What runs and renders under this watch."""
        watch = self

        class Running(Run):
            async def _fetch(self, sql: Sql, *rest: Any, **values: Any) -> list[Any]:  # noqa: ANN401  parameters' values
                begin = perf_counter_ns()
                rows = await super()._fetch(sql, *rest, **values)
                watch.statements.append((sql, perf_counter_ns() - begin))
                return rows

        class Showing(Rendering):
            def _looked(
                self,
                loaded: Loaded,
                at: int,
                slot: SlotStage,
                shape: ObjectShape,
                *rest: Any,  # noqa: ANN401  as above
            ) -> Objects:
                begin = perf_counter_ns()
                found = super()._looked(loaded, at, slot, shape, *rest)
                watch.levels[id(loaded.stage.records)].projection += perf_counter_ns() - begin
                return found

        return Running, Showing

    def spent(self, stage: Stage) -> Spent:
        """What a level of the program took."""
        found = self.levels.get(id(stage.records), Spent())
        own = {id(sql) for sql in stage.statements}
        found.sql = sum(took for sql, took in self.statements if id(sql) in own)
        return found


def _timed(decide: Callable[..., Any], spent: Spent) -> Callable[..., Any]:
    def timed(*given: Any) -> Any:  # noqa: ANN401  as the function that is timed
        begin = perf_counter_ns()
        found = decide(*given)
        spent.rows += perf_counter_ns() - begin
        return found

    return timed
