"""The application: the one place where the parts of the HTTP side are put together. It decides nothing and opens no database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog
from graphql import GraphQLObjectType, GraphQLSchema
from sqlalchemy import make_url, text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from isomod_graphql.audit.access import AccessLog
from isomod_graphql.core.hearing import Ear
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.installation import Installation, driver_of
from isomod_graphql.core.settings import Environment, Settings
from isomod_graphql.core.store import Store
from isomod_graphql.core.tenancy import Database
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.identity.callers import Callers
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.memberships import seclude
from isomod_graphql.identity.passwords import Argon2Passwords
from isomod_graphql.identity.principals import resolve_session
from isomod_graphql.identity.sessions import csrf_token
from isomod_graphql.jobs.wiring import heard_kinds
from isomod_graphql.privacy.erasure import resume
from isomod_graphql.web.auth import Forgetting, KnownCallers
from isomod_graphql.web.console import console_routes
from isomod_graphql.web.csrf import require_same_site
from isomod_graphql.web.exchange import HttpStatus
from isomod_graphql.web.executor import SESSION_COOKIE, GraphExecutor
from isomod_graphql.web.export_orders import Orders
from isomod_graphql.web.exports import Exports
from isomod_graphql.web.facts import HttpFacts, SessionCookie
from isomod_graphql.web.forwarded import ForwardedAddress
from isomod_graphql.web.front import Front
from isomod_graphql.web.graphql import DoorRules, GraphQLEndpoint
from isomod_graphql.web.headers import SecurityHeaders, TrustedHosts, host_of
from isomod_graphql.web.health import Check, Readiness, health_routes
from isomod_graphql.web.hidden import HiddenAttempts
from isomod_graphql.web.metering import PointsPerMinute
from isomod_graphql.web.metrics import PATH as METRICS_PATH
from isomod_graphql.web.metrics import ProcessMetrics, metrics_route
from isomod_graphql.web.oauth import OAuth
from isomod_graphql.web.refusals import CrossSiteRefused
from isomod_graphql.web.settlement import Settlement
from isomod_graphql.web.streaming import Streams
from isomod_graphql.web.subscribers import StreamBounds, Subscribers
from permissions.grants import Action
from schema.execution import Execution
from schema.root import build_schema

log: Any = structlog.get_logger("isomod.app")

ONCE_PER_DOCUMENT: Final = frozenset({"stepUp", "changePassword"})
"""Whoever guesses gets one guess per request; the same holds for every way to get in."""

MACHINE_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
HEALTH_PATHS: Final = frozenset({"/healthz", "/readyz", METRICS_PATH})
RESUME_WAIT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is made of, for those who look after it: whoever serves it drains it."""

    endpoint: GraphQLEndpoint
    readiness: Readiness
    execution: Execution
    desk: Desk
    access_log: AccessLog
    watchman: HiddenAttempts
    settlement: Settlement
    subscribers: Subscribers

    def drain(self) -> None:
        """Takes no new work and tells those who are subscribed to go elsewhere."""
        self.readiness.drain()
        self.subscribers.drain()


async def _to_console(_request: Request) -> RedirectResponse:
    return RedirectResponse("/graphiql", 307)


def create_app(installation: Installation) -> Starlette:
    """The application on an open installation, which its caller closes. `app.state.parts` are its Parts."""
    settings, store = installation.settings, installation.store
    _, core, catalogue = build_schema()
    desk = Desk(store, settings, Argon2Passwords())
    callers = Callers(desk)
    access_log = AccessLog(store.main.engine.url, statement_cache=settings.statement_cache)
    meter = PointsPerMinute(settings.points_per_minute, installation.clock)
    execution = Execution(core, catalogue, store, installation.clock, access_log, classes=True)
    watchman = HiddenAttempts(core, catalogue, store, execution.fitting)
    known, rules = KnownCallers(callers), door_rules(settings, core, catalogue)
    subscribers = Subscribers(_ear(settings, store.main), callers.forget, stream_bounds(settings))
    endpoint = GraphQLEndpoint(
        core,
        Forgetting(GraphExecutor(execution, desk), callers),
        known,
        rules=rules,
        meter=meter,
        fitting=execution.fitting,
        watchman=watchman,
        streaming=Streams(subscribers, execution, known, meter),
    )
    exports = Exports(Orders(execution, endpoint.documents), known, access_log, meter, rules)
    readiness = Readiness(readiness_checks(store))
    app = Front(
        "/graphql",
        endpoint,
        routes=[
            Route("/", _to_console, methods=["GET"]),
            Route("/graphql", endpoint),
            Route("/export", exports),
            *OAuth(desk, callers, meter).routes(),
            *console_routes(),
            Route("/console/session", _console_session(desk), methods=["GET"]),
            *health_routes(readiness),
            *metrics_route(
                settings.metrics_token,
                ProcessMetrics(endpoint, execution, access_log, exports),
                store,
                heard_kinds(settings),
            ),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(TrustedHosts, hosts=served_hosts(settings), exempt=HEALTH_PATHS),
            Middleware(ForwardedAddress, proxies=settings.proxies),
        ],
        lifespan=_lifespan,
    )
    settlement = Settlement(meter, store.main)
    app.state.parts = Parts(
        endpoint, readiness, execution, desk, access_log, watchman, settlement, subscribers
    )
    return app


def _ear(settings: Settings, main: Database) -> Ear | None:
    """None behind PgBouncer, over which nothing is heard, unless there is a direct address."""
    if settings.listen_url is not None:
        return Ear(make_url(driver_of(settings.listen_url)), main)
    return Ear(main.engine.url, main) if settings.statement_cache else None


def stream_bounds(settings: Settings) -> StreamBounds:
    """Streams leave half of the readers to requests."""
    return StreamBounds(
        per_process=settings.subscriptions,
        per_caller=settings.subscriptions_per_caller,
        heartbeat_s=settings.subscription_heartbeat_s,
        reads=max(1, settings.readers // 2),
    )


def door_rules(settings: Settings, schema: GraphQLSchema, catalogue: Catalogue) -> DoorRules:
    """The rules of the endpoint, with the names that this schema has."""
    mutations = _fields(schema.mutation_type)
    ways_in = frozenset(
        name
        for (_, name), action in catalogue.needs.items()
        if action is Action.SIGN_IN and name in mutations
    )
    status: HttpStatus = "draft" if settings.http_status == "draft" else "audit"
    return DoorRules(
        anonymous_mutations=ways_in,
        single_use=ways_in | (ONCE_PER_DOCUMENT & mutations),
        session_cookie=SESSION_COOKIE,
        http_status=status,
        timeout_s=settings.request_timeout_s,
    )


def served_hosts(settings: Settings) -> frozenset[str]:
    """The public address, and this machine's own names where somebody develops on it."""
    public = frozenset({host_of(settings.public_url)})
    return public if settings.environment is Environment.PRODUCTION else public | MACHINE_HOSTS


def readiness_checks(store: Store) -> dict[str, Check]:
    """Both databases answer and hold the tables of this version; the keys of the platform open."""

    async def main() -> None:
        await _answers(
            store.main, "SELECT EXISTS (SELECT 1 FROM accounts), EXISTS (SELECT 1 FROM work_orders)"
        )

    async def keystore() -> None:
        await _answers(store.keystore.database, "SELECT EXISTS (SELECT 1 FROM data_keys)")
        await store.keystore.tenant(PLATFORM_TENANT)

    return {"database": main, "keystore": keystore}


async def _answers(database: Database, statement: str) -> None:
    async with database.begin(PLATFORM_TENANT, write=False) as connection:
        await connection.first(text(statement))


def _fields(of: GraphQLObjectType | None) -> frozenset[str]:
    return frozenset(of.fields) if of is not None else frozenset()


def _console_session(desk: Desk) -> Any:  # noqa: ANN401  a Starlette endpoint
    async def session(request: Request) -> JSONResponse:
        """The token that a page of ours sends along with every change; null for who is not signed in."""
        http = HttpFacts(request.scope, SESSION_COOKIE)
        try:
            require_same_site(http)
        except CrossSiteRefused:
            return JSONResponse({"csrfToken": None}, status_code=CrossSiteRefused.status)
        token = None
        if isinstance(http.credential, SessionCookie):
            secret = http.credential.value
            token = csrf_token(secret) if await resolve_session(desk, secret) is not None else None
        return JSONResponse({"csrfToken": token}, headers={"vary": "Cookie"})

    return session


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    """Erasures that a crash interrupted are carried through while the server already answers."""
    parts: Parts = app.state.parts
    resuming = asyncio.create_task(_resume_erasures(parts.desk.store))
    settling = asyncio.create_task(parts.settlement.run())
    try:
        yield
    finally:
        parts.drain()
        resuming.cancel()
        settling.cancel()
        await asyncio.gather(resuming, settling, return_exceptions=True)
        await parts.subscribers.close()
        await parts.watchman.close()
        await parts.access_log.close()


async def _resume_erasures(store: Store) -> None:
    while True:
        try:
            done = await resume(store, seclude)
        except Exception as error:  # noqa: BLE001  a database that is away for a while ends no server
            log.warning("erasure.not_resumed", kind=type(error).__qualname__)
            await asyncio.sleep(RESUME_WAIT_S)
            continue
        if done:
            log.info("erasure.resumed", certificates=len(done))
        return
