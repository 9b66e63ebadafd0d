"""Exports: a list as CSV or JSON lines, sent while it is read. Refuses columns that its caller cannot read raw, before anything leaves, and goes on for nobody whose powers have changed.

What is shown is on record before each part leaves; who took what, and how many rows, is in the audit trail.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import UUID

import structlog
from starlette.types import Receive, Scope, Send

from isomod_graphql.audit.service import DENIED, DONE, record
from isomod_graphql.core.errors import (
    ColumnNotReadable,
    ExportsBusy,
    ExportTooLarge,
    FieldNotReadable,
    IsoModError,
    ServiceUnavailable,
    Unauthenticated,
)
from isomod_graphql.core.tenancy import LONG_READS
from isomod_graphql.engine.export_columns import name_of
from isomod_graphql.engine.passage import Leaf, Passage
from isomod_graphql.engine.recording import Recorder
from isomod_graphql.engine.request import Request
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.web import answers
from isomod_graphql.web.arrival import ClientGone, Patience
from isomod_graphql.web.decode import decode_json
from isomod_graphql.web.exchange import Authenticator
from isomod_graphql.web.export_orders import Order, Orders, wanted_of
from isomod_graphql.web.facts import HttpFacts
from isomod_graphql.web.graphql import DoorRules, require_own_page, told_of, who_asks
from isomod_graphql.web.metering import REFUSED_POINTS, Meter
from isomod_graphql.web.negotiation import Media, require_json
from isomod_graphql.web.refusals import MethodNotAllowed, RateLimited, RequestTimeout
from isomod_graphql.web.sending import PRIVATE, VARY, Answer, CutOff, headers_of, send_answer
from isomod_graphql.web.sheets import MEDIA, Format, head, lines
from permissions.decisions import DenialReason
from permissions.principals import NOBODY, Principal
from schema.execution import access_of

log: Any = structlog.get_logger("isomod.exports")

EXPORT: Final = "EXPORT"
BEGUN: Final = "BEGUN"
ENDED: Final = "ENDED"
COMPLETE: Final = "COMPLETE"
BODY_BYTES: Final = 64 << 10
MOST_REMEMBERED: Final = 20_000


class ExportLimits(NamedTuple):
    """`stalled_s`: how long a client may take for one part; less than a transaction may pause."""

    rows: int = 100_000
    seconds: float = 120.0
    stalled_s: float = 8.0
    at_once: int = LONG_READS


LIMITS: Final = ExportLimits()


@dataclass(slots=True)
class _Exchange:
    """What is known of one request so far. `rows` have left."""

    http: HttpFacts
    receive: Receive
    send: Send
    principal: Principal = NOBODY
    headers: Mapping[str, str] = field(default_factory=dict)
    begun: Order | None = None
    started: bool = False
    rows: int = 0
    recorded: dict[int, set[bytes]] = field(default_factory=dict, repr=False)
    """By the bits of categories: of whom it is on record that this export shows them."""


class Exports:
    """An ASGI application for one path. One per process."""

    def __init__(
        self,
        orders: Orders,
        authenticator: Authenticator,
        recorder: Recorder,
        meter: Meter,
        rules: DoorRules,
        limits: ExportLimits = LIMITS,
    ) -> None:
        """All of them are those of the graph's endpoint."""
        self._orders, self._authenticator, self._recorder = orders, authenticator, recorder
        self._meter, self._rules, self._limits = meter, rules, limits
        self._running: set[UUID] = set()
        self.ended: Counter[str] = Counter()
        """By outcome: COMPLETE, or why it ended early."""
        self.rows = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A refusal is JSON as in the graph. Raises CutOff where the answer has begun."""
        exchange = _Exchange(HttpFacts(scope, self._rules.session_cookie), receive, send)
        try:
            await self._serve(exchange)
            return
        except ClientGone:
            return
        except IsoModError as refusal:
            if not exchange.headers and not isinstance(refusal, RateLimited):
                exchange.headers = self._meter.charge(REFUSED_POINTS, exchange.principal, exchange.http)
            answer = _refused(refusal)
        except Exception as bug:  # noqa: BLE001 - the last line of defence: nothing of it may be shown
            answer = Answer(500, answers.body_of({"errors": [answers.entry_of_bug(bug)]}))
        if exchange.started:
            raise CutOff
        await send_answer(send, answer, Media.JSON, told_of(exchange.principal, exchange.headers))

    async def _serve(self, exchange: _Exchange) -> None:
        http = exchange.http
        if http.method != "POST":
            raise MethodNotAllowed(allow="POST")
        require_json(http.header(b"content-type"), http.header(b"content-encoding"))
        asking = await who_asks(self._authenticator, http)
        exchange.principal = principal = asking.principal
        self._meter.require(principal, http)
        if principal.kind == "NOBODY":
            raise Unauthenticated
        require_own_page(http, asking, self._rules)
        body = await self._body(exchange)
        order = await self._planned(exchange, body)
        exchange.headers = self._meter.spend(order.cost, principal, http)
        with self._place(order.asked.viewer.actor_id):
            await self._run(exchange, order)

    async def _body(self, exchange: _Exchange) -> bytes:
        patience = Patience(exchange.receive, self._rules.timeout_s, _late)
        try:
            return await patience.read_body(exchange.http, BODY_BYTES)
        finally:
            patience.end()

    async def _planned(self, exchange: _Exchange, body: bytes) -> Order:
        """A refusal of what may be read is put on record."""
        wanted = wanted_of(decode_json(body, BODY_BYTES))
        try:
            return self._orders.planned(wanted, exchange.principal)
        except (ColumnNotReadable, FieldNotReadable) as denial:
            fields = [denial.field] if denial.field is not None else []
            await self._put(exchange, DENIED, DenialReason.FIELD, fields)
            raise

    @contextmanager
    def _place(self, actor: UUID) -> Iterator[None]:
        """Raises ExportsBusy where all are taken, or the caller has one."""
        if actor in self._running or len(self._running) >= self._limits.at_once:
            raise ExportsBusy
        self._running.add(actor)
        try:
            yield
        finally:
            self._running.discard(actor)

    async def _run(self, exchange: _Exchange, order: Order) -> None:
        patience = Patience(exchange.receive, self._limits.seconds, _late)
        try:
            await patience.finish(self._send(exchange, order))
        except BaseException as why:
            if exchange.begun is not None:
                self.ended[_word(why)] += 1
                await self._put(exchange, ENDED, f"{_word(why)} {exchange.rows}")
                log.info("export.ended", why=_word(why), rows=exchange.rows, list=order.listing)
            raise
        finally:
            patience.end()

    async def _send(self, exchange: _Exchange, order: Order) -> None:
        async with await self._passage(order) as passage:
            leaf = await self._page(exchange, order, passage, None)
            exchange.begun = order
            await self._put(exchange, BEGUN)
            await self._start(exchange, order, leaf.total or 0)
            while True:
                await self._part(exchange, lines(order.written, order.columns, leaf.rows), more=True)
                exchange.rows += len(leaf.rows)
                self.rows += len(leaf.rows)
                if leaf.after is None:
                    break
                await self._go_on(exchange, order)
                leaf = await self._page(exchange, order, passage, leaf.after)
        await self._put(exchange, DONE, f"{COMPLETE} {exchange.rows}")
        self.ended[COMPLETE] += 1
        exchange.begun = None
        await self._part(exchange, b"", more=False)

    async def _passage(self, order: Order) -> Passage:
        execution, asked = self._orders.execution, order.asked
        tenant, store = asked.viewer.tenant_id, execution.store
        keys = await store.keystore.tenant(tenant)
        request = Request(store, keys, execution.catalogue, asked.plan, asked.viewer, levels=execution.levels)
        reading = store.main.reading_long(tenant)
        return Passage(execution.compiler, request, keys, reading, asked, order.listing)

    async def _page(self, exchange: _Exchange, order: Order, passage: Passage, after: str | None) -> Leaf:
        """The next rows, when it is durable that they are shown."""
        variables = order.asked.plan.variables.values(order.variables(after), order.asked.document)
        if isinstance(variables, list):
            raise TypeError("a cursor of ours does not fit its type")
        self._recorder.underway += 1
        try:
            leaf = await passage.page(variables)
            if leaf.total is not None and leaf.total > self._limits.rows:
                raise ExportTooLarge
            shown = _news(exchange.recorded, leaf.released)
            if shown:
                viewer = order.asked.viewer
                await self._recorder.record(access_of(viewer, order.digest, shown))
        finally:
            self._recorder.underway -= 1
        return leaf

    async def _go_on(self, exchange: _Exchange, order: Order) -> None:
        """The caller is who it was and may what it might, and pays. Raises Unauthenticated and RateLimited."""
        asking = await who_asks(self._authenticator, exchange.http)
        was = order.asked.viewer
        now = Viewer.at(asking.principal, self._orders.execution.clock.now())
        if _powers(now) != _powers(was):
            raise Unauthenticated
        self._meter.spend(order.cost, asking.principal, exchange.http)

    async def _start(self, exchange: _Exchange, order: Order, total: int) -> None:
        """The head waits for the first part; `Isomod-Rows` tells a client whether it got all."""
        ending = "csv" if order.written is Format.CSV else "jsonl"
        day = f"{order.asked.viewer.now:%Y-%m-%d}"
        told = {
            "content-type": MEDIA[order.written],
            "content-disposition": f'attachment; filename="{order.listing}-{day}.{ending}"',
            "isomod-rows": str(total),
            **told_of(exchange.principal, exchange.headers),
        }
        raw = [(name.encode(), value.encode("latin-1")) for name, value in told.items()]
        exchange.started = True
        await exchange.send({"type": "http.response.start", "status": 200, "headers": [*raw, PRIVATE, VARY]})
        await self._part(exchange, head(order.written, order.columns), more=True)

    async def _part(self, exchange: _Exchange, body: bytes, *, more: bool) -> None:
        """Waits until the client has taken what came before. Raises RequestTimeout for one that does not."""
        try:
            async with asyncio.timeout(self._limits.stalled_s):
                await exchange.send({"type": "http.response.body", "body": body, "more_body": more})
        except TimeoutError:
            raise RequestTimeout from None

    async def _put(
        self, exchange: _Exchange, outcome: str, reason: str | None = None, fields: list[str] | None = None
    ) -> None:
        """In a transaction of its own. Raises ServiceUnavailable: what cannot be put down does not go on."""
        order, who = exchange.begun, exchange.principal
        tenant = who.tenant_id
        if tenant is None:
            raise ServiceUnavailable
        viewed = None if who.viewed_by is None or who.person_id is None else ("User", who.person_id)
        named = fields if order is None else [f"{order.row}.{name_of(one)}" for one in order.columns]
        async with self._orders.execution.store.transaction(tenant, write=True) as tx:
            await record(tx, who, EXPORT, entity=viewed, fields=named or (), outcome=outcome, reason=reason)


def _refused(refusal: IsoModError) -> Answer:
    status = answers.status_of_refusal(refusal, Media.RESPONSE, "audit")
    return Answer(
        status, answers.body_of({"errors": answers.entries_of_refusal(refusal)}), headers_of(refusal, status)
    )


async def _late(_refusal: IsoModError) -> None:
    """Work that was cancelled and does not end has nothing to say any more."""


def _powers(viewer: Viewer) -> tuple[object, ...]:
    who = viewer.principal
    return who.tenant_id, who.person_id, who.client_id, viewer.key, viewer.slots, viewer.bound


def _news(known: dict[int, set[bytes]], released: Mapping[int, set[bytes]]) -> dict[int, set[bytes]]:
    """Of whom it is not on record yet. An export is one answer: who is in it on every page is shown once."""
    if sum(map(len, known.values())) > MOST_REMEMBERED:
        known.clear()
    news: dict[int, set[bytes]] = {}
    for bits, subjects in released.items():
        seen = known.setdefault(bits, set())
        fresh = subjects - seen
        seen |= fresh
        if fresh:
            news[bits] = fresh
    return news


def _word(why: BaseException) -> str:
    """Why an export ended early, from a closed list: what the trail and the log say."""
    if isinstance(why, ClientGone):
        return "CLIENT_GONE"
    if isinstance(why, Unauthenticated):
        return "REVOKED"
    return why.code if isinstance(why, IsoModError) else "FAILED"
