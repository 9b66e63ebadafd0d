"""What the process did, for Prometheus. Refuses who has no token, and every label that is not from a list of ours.

Nothing is measured for it while a request runs: it reads the counts that the parts keep anyway.
"""

import hmac
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from isomod_graphql.audit.access import AccessLog
from isomod_graphql.core.store import Store
from isomod_graphql.engine.bounded import Bounded
from isomod_graphql.jobs.lag import Backlog, backlog
from isomod_graphql.web.exports import Exports
from isomod_graphql.web.graphql import GraphQLEndpoint
from isomod_graphql.web.tally import BOUNDS_S
from permissions.categories import PERSONAL_ORDER
from schema.execution import Execution

log: Any = structlog.get_logger("isomod.metrics")

PATH: Final = "/metrics"
MEDIA: Final = "text/plain; version=0.0.4; charset=utf-8"


class ProcessMetrics(Collector):
    """Asked once per scrape."""

    def __init__(
        self, endpoint: GraphQLEndpoint, execution: Execution, access_log: AccessLog, exports: Exports
    ) -> None:
        """The parts of one application."""
        self._endpoint, self._execution = endpoint, execution
        self._access_log, self._exports = access_log, exports

    def collect(self) -> Iterator[Metric]:
        """Every family of the process."""
        yield from self._requests()
        yield from self._answers()
        yield from self._caches()
        yield from self._people()

    def _requests(self) -> Iterator[Metric]:
        tally = self._endpoint.tally
        ended = CounterMetricFamily(
            "isomod_requests",
            "Requests to the graph, by kind of operation and outcome.",
            labels=["kind", "outcome"],
        )
        for labels, count in sorted(tally.ended.items()):
            ended.add_metric(labels, count)
        yield ended
        buckets, below = [], 0
        for bound, count in zip([*map(str, BOUNDS_S), "+Inf"], tally.durations, strict=True):
            below += count
            buckets.append((bound, below))
        yield HistogramMetricFamily(
            "isomod_request_seconds",
            "How long requests to the graph took.",
            buckets=buckets,
            sum_value=tally.seconds,
        )

    def _answers(self) -> Iterator[Metric]:
        compiler = self._execution.compiler
        answers = CounterMetricFamily(
            "isomod_answers", "Operations by the path that answered them, and why not the compiled one.",
            labels=["path", "reason"],
        )  # fmt: skip
        answers.add_metric(["compiled", ""], compiler.answers)
        for reason, count in sorted(compiler.fallbacks.items()):
            answers.add_metric(["reference", reason.value], count)
        yield answers
        yield GaugeMetricFamily(
            "isomod_answers_underway", "Answers that are being made or wait for their record.",
            value=self._access_log.underway,
        )  # fmt: skip
        exports = CounterMetricFamily("isomod_exports", "Exports that began, by outcome.", labels=["outcome"])
        for outcome, count in sorted(self._exports.ended.items()):
            exports.add_metric([outcome], count)
        yield exports
        yield CounterMetricFamily(
            "isomod_exported_rows", "Rows that left in exports.", value=self._exports.rows
        )

    def _caches(self) -> Iterator[Metric]:
        looked = CounterMetricFamily(
            "isomod_cache_lookups", "Look-ups of prepared operations.", labels=["cache", "result"]
        )
        weighs = GaugeMetricFamily("isomod_cache_bytes", "About how much a cache holds.", labels=["cache"])
        caches: dict[str, Bounded[Any]] = {
            "plans": self._execution.plans,
            "programs": self._execution.compiler.programs,
        }
        for name, cache in caches.items():
            looked.add_metric([name, "hit"], cache.hits)
            looked.add_metric([name, "miss"], cache.misses)
            weighs.add_metric([name], cache.weight)
        weighs.add_metric(["documents"], self._endpoint.documents.weight)
        yield looked
        yield weighs
        yield CounterMetricFamily(
            "isomod_validations", "Documents that were validated, once per class of callers.",
            value=self._endpoint.documents.checks,
        )  # fmt: skip

    def _people(self) -> Iterator[Metric]:
        shown = CounterMetricFamily(
            "isomod_people_shown", "People of whom an answer showed something to somebody else, by category.",
            labels=["category"],
        )  # fmt: skip
        known = self._access_log.shown.items()
        for at, category in enumerate(PERSONAL_ORDER):
            shown.add_metric([category.value], sum(count for bits, count in known if bits >> at & 1))
        yield shown


class _Queue(Collector):
    """The outbox of all organisations, as it was asked for this scrape."""

    def __init__(self, found: Backlog, now: datetime) -> None:
        self._found, self._now = found, now

    def collect(self) -> Iterator[Metric]:
        events = GaugeMetricFamily("isomod_queue_events", "Events of the outbox, by state.", labels=["state"])
        events.add_metric(["waiting"], self._found.waiting)
        events.add_metric(["dead"], self._found.dead)
        yield events
        lag = 0.0 if self._found.oldest is None else (self._now - self._found.oldest).total_seconds()
        yield GaugeMetricFamily(
            "isomod_queue_lag_seconds",
            "How long the oldest event that is due has waited.",
            value=max(lag, 0.0),
        )


def metrics_route(
    token: str | None, metrics: ProcessMetrics, store: Store, heard: Sequence[str]
) -> list[Route]:
    """No route where no token is set. A database that is away leaves its families out."""
    if token is None:
        return []
    registry = CollectorRegistry(auto_describe=False)
    registry.register(metrics)
    wanted = f"Bearer {token}".encode()

    async def scraped(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, wanted):
            return JSONResponse({"status": "unauthenticated"}, 401, {"www-authenticate": "Bearer"})
        body = generate_latest(registry)
        try:
            found = await backlog(store.main, heard)
        except Exception as error:  # noqa: BLE001  the process is measured all the same
            log.warning("metrics.no_queue", kind=type(error).__qualname__)
        else:
            queue = CollectorRegistry(auto_describe=False)
            queue.register(_Queue(found, store.clock.now()))
            body += generate_latest(queue)
        return Response(body, headers={"content-type": MEDIA})

    return [Route(PATH, scraped, methods=["GET"])]
