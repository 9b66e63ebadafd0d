"""A small server for the tests of the HTTP door: a toy schema, an executor that counts, and three known callers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

import httpx2
import strawberry
from graphql import ExecutionResult, execute
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from isomod_graphql.core.errors import Forbidden, Unauthenticated
from isomod_graphql.web.exchange import Authenticated, ExecutionReply, GraphQLRequest, reply_of
from isomod_graphql.web.facts import Bearer, Credential, HttpFacts
from isomod_graphql.web.graphql import DoorRules, GraphQLEndpoint
from isomod_graphql.web.headers import SecurityHeaders, TrustedHosts
from isomod_graphql.web.health import Readiness, health_routes
from isomod_graphql.web.metering import Meter
from permissions.principals import NOBODY, Assurance, Principal
from schema.silence import SilentSchema

TOKEN = "iso_toy_token"
COOKIE = "session-of-ada"
CSRF = "csrf-of-ada"
RESPONSE_JSON = "application/graphql-response+json"
ADA = Principal(kind="PERSON", account_id=UUID(int=1), person_id=UUID(int=2), assurance=Assurance.SESSION)


@strawberry.type
class Order:
    id: strawberry.ID
    title: str | None = None

    @strawberry.field
    def orders(self, first: int) -> list["Order"]:
        return [Order(id=strawberry.ID(str(number))) for number in range(first)]


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "you") -> str:
        return f"hello {name}"

    @strawberry.field
    def order(self) -> Order:
        return Order(id=strawberry.ID("1"))

    @strawberry.field
    def orders(self, first: int) -> list[Order]:
        return [Order(id=strawberry.ID(str(number))) for number in range(first)]

    @strawberry.field
    def boom(self) -> str | None:
        raise RuntimeError("password=hunter2")

    @strawberry.field
    def forbidden(self) -> str | None:
        raise Forbidden

    @strawberry.field
    async def slow(self) -> str:
        await asyncio.sleep(60)
        return "late"

    @strawberry.field
    def policy(self) -> str:
        return "public"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def rename(self, name: str) -> str:
        return name

    @strawberry.mutation
    def sign_in(self, email: str) -> bool:
        return email == "ada@example.org"


SCHEMA = SilentSchema(query=Query, mutation=Mutation)


@dataclass
class CountingExecutor:
    """graphql-core, and a note of what it was asked."""

    requests: list[GraphQLRequest] = field(default_factory=list)
    principals: list[Principal] = field(default_factory=list)
    facts: list[HttpFacts] = field(default_factory=list)
    stopped: int = 0
    failure: Exception | None = None
    reply: ExecutionReply | None = None
    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def execute(
        self, request: GraphQLRequest, principal: Principal, *, http: HttpFacts
    ) -> ExecutionReply:
        self.requests.append(request)
        self.facts.append(http)
        self.principals.append(principal)
        self.started.set()
        if self.failure is not None:
            raise self.failure
        if self.reply is not None:
            return self.reply
        try:
            result = execute(
                SCHEMA._schema,
                request.document,
                variable_values=dict(request.variables),
                operation_name=request.operation_name,
            )
            finished = result if isinstance(result, ExecutionResult) else await result
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        return reply_of(finished)


@dataclass
class KnownCallers:
    """One token and one session, and a note of who was asked about."""

    facts: list[HttpFacts] = field(default_factory=list)

    async def authenticate(self, credential: Credential, http: HttpFacts) -> Authenticated:
        self.facts.append(http)
        if isinstance(credential, Bearer):
            if credential.token != TOKEN:
                raise Unauthenticated
            return Authenticated(replace(ADA, assurance=Assurance.TOKEN))
        if credential.value != COOKIE:
            return Authenticated(NOBODY)
        return Authenticated(ADA, csrf_token=CSRF)


@dataclass
class Registered:
    """Trusted documents by their SHA-256."""

    documents: Mapping[str, str] = field(default_factory=dict)
    registers: bool = True

    async def source(self, document_id: str) -> str | None:
        return self.documents.get(document_id)


RULES = DoorRules(
    anonymous_queries=frozenset({"policy"}),
    anonymous_mutations=frozenset({"signIn"}),
    single_use=frozenset({"signIn"}),
    session_cookie="session",
)


@dataclass
class Door:
    """The endpoint under test with everything that a test looks at."""

    rules: DoorRules = RULES
    documents: Mapping[str, str] = field(default_factory=dict)
    executor: CountingExecutor = field(default_factory=CountingExecutor)
    meter: Meter | None = None

    def __post_init__(self) -> None:
        self.endpoint = GraphQLEndpoint(
            SCHEMA._schema,
            self.executor,
            KnownCallers(),
            rules=self.rules,
            trusted=Registered(self.documents),
            meter=self.meter,
        )
        self.app = Starlette(
            routes=[
                *health_routes(Readiness({})),
                Route("/graphql", self.endpoint),
                Mount("/other", Starlette()),
            ],
            middleware=[
                Middleware(SecurityHeaders),
                Middleware(
                    TrustedHosts, hosts=["127.0.0.1", "localhost", "*.example.org"], exempt=["/healthz"]
                ),
            ],
        )
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app), base_url="http://localhost", trust_env=False
        )

    async def post(self, body: object = None, **headers: str) -> httpx2.Response:
        """A POST with the token, unless a header says otherwise; an empty header is left out."""
        return await self.client.post("/graphql", json=body, headers=self._headers(headers))

    async def raw(self, content: bytes, **headers: str) -> httpx2.Response:
        sent = self._headers({"content_type": "application/json"} | headers)
        return await self.client.post("/graphql", content=content, headers=sent)

    async def get(self, **parameters: str) -> httpx2.Response:
        return await self.client.get("/graphql", params=parameters, headers=self._headers({}))

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        known = {"authorization": f"Bearer {TOKEN}", "accept": RESPONSE_JSON}
        named = known | {name.replace("_", "-"): value for name, value in headers.items()}
        return {name: value for name, value in named.items() if value}


def code_of(response: httpx2.Response) -> str:
    """The code of the only error; every error has one."""
    (error,) = response.json()["errors"]
    code: str = error["extensions"]["code"]
    return code
