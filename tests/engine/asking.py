"""Ways to put a question to the product and get the answer that a client would get. They know callers and documents, and judge nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol

import httpx2
import orjson
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationDefinitionNode, parse, validate
from starlette.applications import Starlette
from starlette.routing import Route

from isomod_graphql.core.errors import IsoModError, Unauthenticated
from isomod_graphql.engine.wishes import PLAIN, Wish
from isomod_graphql.web.exchange import Authenticated, ExecutionReply, GraphQLRequest, Rendered, reply_of
from isomod_graphql.web.facts import Bearer, Credential, HttpFacts
from isomod_graphql.web.graphql import GraphQLEndpoint
from permissions.principals import Principal
from schema.execution import Answered, Execution


@dataclass(frozen=True)
class Caller:
    """Somebody with a name that tests can print; the name is also the token at the door."""

    name: str
    principal: Principal = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What a client reads."""

    data: Any
    errors: list[dict[str, Any]]
    extensions: Mapping[str, Any]
    body: bytes = field(repr=False)

    @property
    def codes(self) -> list[str]:
        """The code of every error."""
        return [str((error.get("extensions") or {}).get("code")) for error in self.errors]

    @classmethod
    def of(cls, body: bytes) -> "Answer":
        """From a response body."""
        read = orjson.loads(body)
        return cls(read.get("data"), read.get("errors", []), read.get("extensions", {}), body)


class Ask(Protocol):
    """How a question is put; the same proof runs through every way."""

    async def __call__(
        self, caller: Caller, text: str, variables: Mapping[str, Any] | None = None
    ) -> Answer: ...


@dataclass
class Below:
    """Right at the executor, without HTTP: a refusal of the whole request is an error without data."""

    execution: Execution
    documents: dict[str, DocumentNode] = field(default_factory=dict)
    wish: Wish = PLAIN

    async def __call__(self, caller: Caller, text: str, variables: Mapping[str, Any] | None = None) -> Answer:
        if text not in self.documents:
            self.documents[text] = parse(text)
            assert validate(self.execution.schema, self.documents[text]) == []
        document = self.documents[text]
        operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
        digest = sha256(text.encode()).digest()
        try:
            result: Answered | ExecutionResult | IsoModError = await self.execution.run(
                operation, document, digest, dict(variables or {}), caller.principal, None, self.wish
            )
        except IsoModError as refusal:
            result = refusal
        return answer_of(result)


def answer_of(result: Answered | ExecutionResult | IsoModError) -> Answer:
    """What a client would read of it."""
    if isinstance(result, Answered):
        return Answer.of(result.body)
    if isinstance(result, IsoModError):
        result = ExecutionResult(None, [GraphQLError(result.message, extensions={"code": result.code})], {})
    errors = [_entry(error) for error in result.errors or []]
    body = {"data": result.data, "extensions": result.extensions or {}, "errors": errors}
    return Answer.of(orjson.dumps(body))


def _entry(error: GraphQLError) -> dict[str, Any]:
    cause = error.original_error
    code = cause.code if isinstance(cause, IsoModError) else (error.extensions or {}).get("code")
    return {"message": error.message, "path": error.path, "extensions": {"code": code}}


@dataclass
class Door:
    """Through the HTTP endpoint: limits, validation, redaction. A caller's token is the caller's name."""

    execution: Execution
    callers: dict[str, Principal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        endpoint = GraphQLEndpoint(self.execution.schema, self, self)
        transport = httpx2.ASGITransport(app=Starlette(routes=[Route("/graphql", endpoint)]))
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://localhost", trust_env=False)

    async def authenticate(self, credential: Credential, http: HttpFacts) -> Authenticated:  # noqa: ARG002  the protocol gives it
        if isinstance(credential, Bearer) and credential.token in self.callers:
            return Authenticated(self.callers[credential.token])
        raise Unauthenticated

    async def execute(
        self,
        request: GraphQLRequest,
        principal: Principal,
        *,
        http: HttpFacts,  # noqa: ARG002  the protocol gives it
    ) -> ExecutionReply:
        result = await self.execution.run(
            request.operation,
            request.document,
            request.document_hash,
            dict(request.variables),
            principal,
            None,
        )
        return Rendered(result.body) if isinstance(result, Answered) else reply_of(result)

    async def __call__(self, caller: Caller, text: str, variables: Mapping[str, Any] | None = None) -> Answer:
        token = sha256(caller.name.encode()).hexdigest()
        self.callers[token] = caller.principal
        headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/graphql-response+json",
            "content-type": "application/json",
        }
        body = orjson.dumps({"query": text, "variables": dict(variables or {})})
        response = await self.client.post("/graphql", content=body, headers=headers)
        return Answer.of(response.content)
