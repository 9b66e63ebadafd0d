"""The GraphQL endpoint: one request in, one answer out. It refuses everything it can before a resolver runs.

The order is fixed and part of the promise: method, media types, who asks, another site's page, body, parameters,
limits of the document, what nobody may run, validation, cost - and only then execution.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from time import perf_counter
from typing import Any

from graphql import GraphQLSchema, OperationType
from starlette.types import Receive, Scope, Send

from isomod_graphql.core.errors import IsoModError, Unauthenticated
from isomod_graphql.engine.class_schemas import ClassSchema
from isomod_graphql.web import answers, csrf
from isomod_graphql.web.arrival import ClientGone, Patience
from isomod_graphql.web.decode import BODY_BYTES, Parameters, parameters_of_body, parameters_of_query
from isomod_graphql.web.documents import CheckedDocument, DocumentCache, DocumentFaulty, MeasuredDocument
from isomod_graphql.web.exchange import (
    Arrival,
    Authenticated,
    Authenticator,
    Executed,
    ExecutionReply,
    Executor,
    GraphQLRequest,
    HttpStatus,
    NoDocuments,
    NotExecuted,
    Rendered,
    Streaming,
    TrustedDocuments,
)
from isomod_graphql.web.facts import Bearer, HttpFacts, SessionCookie
from isomod_graphql.web.hidden import Tried, Watchman
from isomod_graphql.web.metering import BY_REFERENCE, REFUSED_POINTS, Meter, Unmetered, points_of_reading
from isomod_graphql.web.negotiation import Media, negotiate, require_json, takes_events
from isomod_graphql.web.refusals import (
    BadRequest,
    MethodNotAllowed,
    NotAcceptable,
    PersistedQueryNotFound,
    PersistedQueryNotSupported,
    RateLimited,
    TrustedDocumentRequired,
    ViewAsReadOnly,
)
from isomod_graphql.web.sending import Answer, headers_of, send_answer
from isomod_graphql.web.tally import CLIENT_GONE, OK, PARTIAL, REFUSED, Tally
from permissions.principals import NOBODY, Principal
from schema.limits import BOUNDS, Bounds, DocumentShape, OperationShape
from schema.limits.refusals import DocumentRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorRules:
    """Everything about the endpoint that is decided elsewhere."""

    anonymous_queries: frozenset[str] = frozenset()
    """Root fields that need no sign-in, besides `__typename`."""
    anonymous_mutations: frozenset[str] = frozenset()
    single_use: frozenset[str] = frozenset()
    """Mutations that stand once in a document and have no alias: sign-ins."""
    origins: frozenset[str] = frozenset()
    """Other origins whose pages may call us with a session."""
    session_cookie: str = "__Host-session"
    http_status: HttpStatus = "audit"
    timeout_s: float = 10.0
    body_bytes: int = BODY_BYTES
    cache_bytes: int = 24 << 20
    bounds: Bounds = BOUNDS


ANYBODY = Authenticated(NOBODY)
Fitting = Callable[[Principal], ClassSchema | None]


def _everything(_principal: Principal) -> None:
    """The whole schema for everybody."""


@dataclass(slots=True)
class _Exchange:
    """What is known of one request so far."""

    http: HttpFacts
    receive: Receive
    send: Send
    media: Media = Media.JSON
    digest: bytes | None = None
    principal: Principal = NOBODY
    """Who asks, as soon as that is known."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What every answer from now on tells: the points that are left."""
    patience: Patience | None = None
    tried: Tried | None = None
    """What did not fit the caller's schema."""
    source: str = ""
    """The document, as soon as there is one."""
    kind: str = REFUSED
    outcome: str = OK
    """What of it is counted."""


class GraphQLEndpoint:
    """An ASGI application for one path. `documents` is public so that tests and metrics can count."""

    def __init__(
        self,
        schema: GraphQLSchema,
        executor: Executor,
        authenticator: Authenticator,
        *,
        rules: DoorRules | None = None,
        trusted: TrustedDocuments | None = None,
        meter: Meter | None = None,
        fitting: Fitting | None = None,
        watchman: Watchman | None = None,
        streaming: Streaming | None = None,
    ) -> None:
        """`fitting` gives the schema of a caller's class, the whole one without it; `watchman` hears of refused documents.

        `streaming` runs subscriptions; without it there are none.
        """
        self._streaming = streaming
        self._executor = executor
        self._fitting = fitting or _everything
        self._watchman = watchman
        self._authenticator = authenticator
        self._rules = rules or DoorRules()
        self._trusted = trusted or NoDocuments()
        self._meter = meter or Unmetered()
        self.tally = Tally()
        self.documents = DocumentCache(
            schema,
            most=self._rules.cache_bytes,
            bounds=self._rules.bounds,
            single_use=self._rules.single_use,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A WebSocket is refused before it opens, which a client sees as 403."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000, "reason": ""})
            return
        begun = perf_counter()
        exchange = _Exchange(HttpFacts(scope, self._rules.session_cookie), receive, send)
        try:
            answer = await self._answer(exchange)
        except ClientGone:
            self.tally.end(exchange.kind, CLIENT_GONE, perf_counter() - begun)
            return
        except IsoModError as refusal:
            exchange.outcome = refusal.code
            answer = self._refused(exchange, self._charged(exchange, refusal))
        except Exception as bug:  # noqa: BLE001 - the last line of defence: nothing of it may be shown
            body = answers.body_of({"errors": [answers.entry_of_bug(bug, exchange.digest)]})
            exchange.outcome = IsoModError.code
            answer = Answer(500, body)
        finally:
            if exchange.patience is not None:
                exchange.patience.end()
                exchange.patience = None  # They know each other: what goes round waits for the collector.
        if answer is not None:
            await send_answer(send, answer, exchange.media, _told(exchange))
        self.tally.end(exchange.kind, exchange.outcome, perf_counter() - begun)
        if exchange.tried is not None and self._watchman is not None:
            # Only now: a record that is written must not make the answer another one, nor a later one.
            self._watchman.look(exchange.tried)

    async def _answer(self, exchange: _Exchange) -> Answer | None:
        """None when everything was sent."""
        http = exchange.http
        if http.method not in {"GET", "POST"}:
            raise MethodNotAllowed(allow="GET, POST")
        exchange.media = negotiate(http.header(b"accept"))
        if http.method == "POST":
            require_json(http.header(b"content-type"), http.header(b"content-encoding"))
        asking = await self._who(http)
        exchange.principal = asking.principal
        self._meter.require(asking.principal, http)
        late = partial(self._late, exchange)
        exchange.patience = patience = Patience(exchange.receive, self._rules.timeout_s, late)
        if http.method == "POST":
            require_own_page(http, asking, self._rules)
            body = await patience.read_body(http, self._rules.body_bytes)
            parameters = parameters_of_body(body, self._rules.body_bytes)
        else:
            parameters = parameters_of_query(http.query, self._rules.bounds.source_bytes * 2)
        request = await self._prepare(exchange, parameters, asking.principal)
        exchange.kind = request.kind.value
        points = request.cost + points_of_reading(request.source)
        exchange.headers = self._meter.spend(points, asking.principal, http)
        if request.kind is OperationType.SUBSCRIPTION:
            return await self._stream(exchange, request, patience)
        reply = await patience.finish(self._executor.execute(request, asking.principal, http=http))
        if isinstance(reply, Executed) and reply.dear:
            exchange.headers = self._meter.charge(BY_REFERENCE * request.cost, asking.principal, http)
        return self._replied(exchange, request, reply, asking.principal)

    async def _stream(
        self, exchange: _Exchange, request: GraphQLRequest, patience: Patience
    ) -> Answer | None:
        if self._streaming is None:
            raise BadRequest("A subscription cannot be run here.")
        arrival = Arrival(exchange.receive, exchange.send, patience, exchange.headers)
        reply = await self._streaming.serve(request, exchange.principal, exchange.http, arrival)
        return None if reply is None else self._replied(exchange, request, reply, exchange.principal)

    async def _late(self, exchange: _Exchange, refusal: IsoModError) -> None:
        """The answer for work that was cancelled and still does not end."""
        answer = self._refused(exchange, refusal)
        await send_answer(exchange.send, answer, exchange.media, _told(exchange))

    def _charged(self, exchange: _Exchange, refusal: IsoModError) -> IsoModError:
        """A request that never came to its own cost is not free: who sends only such ones runs out of points too."""
        if not exchange.headers and not isinstance(refusal, RateLimited):
            points = REFUSED_POINTS + points_of_reading(exchange.source, refused=True)
            exchange.headers = self._meter.charge(points, exchange.principal, exchange.http)
        return refusal

    async def _who(self, http: HttpFacts) -> Authenticated:
        """Nobody is nobody: never the system, and never a default user."""
        return await who_asks(self._authenticator, http)

    async def _prepare(
        self, exchange: _Exchange, parameters: Parameters, principal: Principal
    ) -> GraphQLRequest:
        source, trusted = await self._source(parameters)
        exchange.source = source
        if exchange.http.method == "GET" and not trusted:
            _require_bearer(exchange.http)
        if principal.kind == "NOBODY" and not trusted:
            checked, operation = self._open_to_nobody(source, parameters.operation_name)
        else:
            found = self.documents.find(source)
            operation = _shape_of(found).choose(parameters.operation_name)
            _refuse_kind(exchange.http, operation)
            if principal.viewed_by is not None and operation.kind is not OperationType.QUERY:
                document = _shape_of(found).document
                exchange.tried = Tried(document, operation, parameters.variables, principal)
                raise ViewAsReadOnly
            try:
                checked = self.documents.check(found, self._fitting(principal))
            except DocumentFaulty:
                document = _shape_of(found).document
                exchange.tried = Tried(document, operation, parameters.variables, principal)
                raise
        exchange.digest = checked.measured.digest
        return GraphQLRequest(
            document_hash=checked.measured.digest,
            document=checked.measured.shape.document,
            operation=operation.node,
            operation_name=parameters.operation_name,
            source=source,
            variables=parameters.variables,
            extensions=parameters.extensions,
            cost=self.documents.cost(checked, operation, parameters.operation_name, parameters.variables),
            trusted=trusted,
        )

    async def _source(self, parameters: Parameters) -> tuple[str, bool]:
        """A text that came along is not registered by that, not even under its own hash."""
        document_id = parameters.document_id or _persisted_hash(parameters.extensions)
        if parameters.query is not None:
            if document_id is not None and document_id != _hash(parameters.query):
                raise BadRequest("The hash does not belong to this document.")
            return parameters.query, False
        if document_id is None:
            raise BadRequest("The request holds no query.")
        source = await self._trusted.source(document_id)
        if source is None:
            raise PersistedQueryNotFound if self._trusted.registers else PersistedQueryNotSupported
        return source, True

    def _open_to_nobody(
        self, source: str, operation_name: str | None
    ) -> tuple[CheckedDocument, OperationShape]:
        """One answer for everything else, so that neither syntax nor the schema can be tried without signing in."""
        try:
            found = self.documents.find(source)
            operation = _shape_of(found).choose(operation_name)
        except DocumentRefused:
            raise Unauthenticated from None
        allowed = {
            OperationType.QUERY: self._rules.anonymous_queries,
            OperationType.MUTATION: self._rules.anonymous_mutations,
        }.get(operation.kind, frozenset())
        alone = len(_shape_of(found).operations) == 1
        if not alone or not operation.root_fields <= allowed | {"__typename"}:
            raise Unauthenticated
        try:
            return self.documents.check(found, self._fitting(NOBODY)), operation
        except (DocumentFaulty, DocumentRefused):
            raise Unauthenticated from None

    def _tried(self, request: GraphQLRequest, principal: Principal) -> Tried:
        """The variables did not fit the types that the caller has."""
        operation = _shape_of(self.documents.find(request.source)).choose(request.operation_name)
        return Tried(request.document, operation, request.variables, principal)

    def _replied(
        self, exchange: _Exchange, request: GraphQLRequest, reply: ExecutionReply, principal: Principal
    ) -> Answer:
        draft = self._rules.http_status == "draft" and exchange.media is Media.RESPONSE
        if isinstance(reply, Rendered):
            exchange.outcome = PARTIAL if reply.partial else OK
            return Answer(294 if draft and reply.partial else 200, reply.body, reply.headers)
        members: dict[str, Any] = {}
        if reply.errors:
            members["errors"] = answers.entries_of_errors(reply.errors, request.document_hash)
        if isinstance(reply, NotExecuted):
            exchange.tried = self._tried(request, principal)
            code = exchange.outcome = members["errors"][0]["extensions"]["code"]
            status = answers.status_of_code(code, exchange.media, self._rules.http_status)
            return Answer(status, answers.body_of(members), reply.headers)
        members["data"] = reply.data
        if reply.extensions:
            members["extensions"] = reply.extensions
        partial = bool(reply.errors)
        exchange.outcome = PARTIAL if partial else OK
        return Answer(294 if draft and partial else 200, answers.body_of(members), reply.headers)

    def _refused(self, exchange: _Exchange, refusal: IsoModError) -> Answer:
        status = answers.status_of_refusal(refusal, exchange.media, self._rules.http_status)
        body = answers.body_of({"errors": answers.entries_of_refusal(refusal)})
        return Answer(status, body, headers_of(refusal, status))


def _told(exchange: _Exchange) -> Mapping[str, str]:
    """What goes with every answer."""
    return told_of(exchange.principal, exchange.headers)


def told_of(principal: Principal, headers: Mapping[str, str]) -> Mapping[str, str]:
    """With every answer to a look as another member goes until when it lasts."""
    until = principal.caveats.not_after
    if principal.viewed_by is None or until is None:
        return headers
    return {**headers, "isomod-view-as": f"until={until:%Y-%m-%dT%H:%M:%SZ}"}


async def who_asks(authenticator: Authenticator, http: HttpFacts) -> Authenticated:
    """Nobody without a credential. Raises Unauthenticated for a bad one."""
    if http.credential is None:
        return ANYBODY
    if isinstance(http.credential, Bearer) and not http.credential.token:
        raise Unauthenticated
    return await authenticator.authenticate(http.credential, http)


def require_own_page(http: HttpFacts, asking: Authenticated, rules: DoorRules) -> None:
    """Also without a session: another site could sign its visitor in to an account of its own."""
    if isinstance(http.credential, Bearer):
        return
    csrf.require_same_site(http, rules.origins)
    if isinstance(http.credential, SessionCookie) and asking.principal.kind != "NOBODY":
        csrf.require_token(http, asking.csrf_token)


def _require_bearer(http: HttpFacts) -> None:
    if isinstance(http.credential, SessionCookie):
        raise TrustedDocumentRequired
    if http.credential is None:
        raise Unauthenticated


def _refuse_kind(http: HttpFacts, operation: OperationShape) -> None:
    """GET changes nothing (RFC 9110 section 9.2.1), and a stream is for who said to take one."""
    if http.method == "GET" and operation.kind is not OperationType.QUERY:
        raise MethodNotAllowed(allow="POST")
    if operation.kind is OperationType.SUBSCRIPTION and not takes_events(http.header(b"accept")):
        raise NotAcceptable("A subscription is answered as text/event-stream.")


def _shape_of(found: MeasuredDocument | CheckedDocument) -> DocumentShape:
    return found.measured.shape if isinstance(found, CheckedDocument) else found.shape


def _hash(source: str) -> str:
    return sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def _persisted_hash(extensions: Mapping[str, Any]) -> str | None:
    """Apollo's automatic persisted queries: `{persistedQuery: {version: 1, sha256Hash}}`."""
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    found = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if not isinstance(found, str):
        raise BadRequest("extensions.persistedQuery holds no hash.")
    return found
