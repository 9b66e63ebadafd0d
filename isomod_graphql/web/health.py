"""Whether the process lives and whether it can serve. It refuses to say why not: that stands in the log."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

log: Any = structlog.get_logger("isomod.health")

Check = Callable[[], Awaitable[object]]
"""Returns when the part answers, raises when it does not."""


class Readiness:
    """Asks every part at once, each for at most `timeout_s`. After `drain()` the process takes no new work."""

    def __init__(self, checks: Mapping[str, Check], *, timeout_s: float = 2.0) -> None:
        self._checks = dict(checks)
        self._timeout_s = timeout_s
        self._draining = False

    def drain(self) -> None:
        self._draining = True

    async def failing(self) -> list[str]:
        """The names of the parts that do not answer, in their order."""
        if self._draining:
            return ["draining"]
        answers = await asyncio.gather(*(self._answers(name) for name in self._checks))
        return [name for name, well in zip(self._checks, answers, strict=True) if not well]

    async def _answers(self, name: str) -> bool:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._checks[name]()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a part, it is not ready
            log.warning("health.not_ready", part=name, kind=type(error).__qualname__)
            return False
        return True


def health_routes(readiness: Readiness) -> list[Route]:
    """`/healthz` touches nothing, so a slow database does not restart the process; `/readyz` asks the parts."""

    async def live(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def ready(_request: Request) -> JSONResponse:
        failing = await readiness.failing()
        if failing:
            return JSONResponse({"status": "unready", "failing": failing}, status_code=503)
        return JSONResponse({"status": "ready"})

    return [Route("/healthz", live, methods=["GET"]), Route("/readyz", ready, methods=["GET"])]
