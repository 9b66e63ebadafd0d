"""What the endpoint hands to the one who executes, and what it gets back. It knows no schema and no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationDefinitionNode, OperationType
from starlette.types import Receive, Send

from isomod_graphql.web.arrival import Patience
from isomod_graphql.web.facts import Credential, HttpFacts
from permissions.principals import Principal


class GraphQLRequest(NamedTuple):
    """A document that was parsed, measured and validated, and the values it runs with (not coerced yet)."""

    document_hash: bytes
    """SHA-256 of the source: the key of every cache of plans."""
    document: DocumentNode
    operation: OperationDefinitionNode
    operation_name: str | None
    source: str
    variables: Mapping[str, Any]
    extensions: Mapping[str, Any]
    cost: int
    trusted: bool = False
    """The document is registered; its text does not come from the caller."""

    @property
    def kind(self) -> OperationType:
        return self.operation.operation

    def __repr__(self) -> str:
        """Neither the text nor a value is shown."""
        return f"GraphQLRequest({self.document_hash.hex()})"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A whole response body that is JSON already. `partial` says that it holds errors beside data."""

    body: bytes = field(repr=False)
    partial: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Executed:
    """Execution began, so `data` is part of the answer, even if it is null."""

    data: Mapping[str, Any] | None = field(repr=False)
    errors: Sequence[GraphQLError] = ()
    extensions: Mapping[str, Any] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    dear: bool = False
    """A query with data that was not compiled, which costs more than its points say."""


@dataclass(frozen=True, slots=True)
class NotExecuted:
    """Execution did not begin, for example because a variable has the wrong type: the answer has no `data`."""

    errors: Sequence[GraphQLError]
    headers: Mapping[str, str] = field(default_factory=dict)


ExecutionReply = Rendered | Executed | NotExecuted


def reply_of(result: ExecutionResult) -> Executed | NotExecuted:
    """graphql-core reports variables that it could not coerce as errors without a path and without data."""
    errors = result.errors or []
    if result.data is None and errors and all(error.path is None for error in errors):
        return NotExecuted(errors)
    return Executed(result.data, errors, result.extensions or {})


class Executor(Protocol):
    """Runs one operation. It is cancelled when the caller leaves or the time is over."""

    async def execute(
        self, request: GraphQLRequest, principal: Principal, *, http: HttpFacts
    ) -> ExecutionReply:
        """Raises IsoModError to refuse the whole request; any other exception is a bug and is never shown."""


class Streaming(Protocol):
    """Runs a subscription until it ends."""

    async def serve(
        self, request: GraphQLRequest, principal: Principal, http: HttpFacts, arrival: "Arrival"
    ) -> NotExecuted | None:
        """None after a stream that was sent. Raises IsoModError to refuse the whole request, before anything was sent."""


@dataclass(slots=True)
class Arrival:
    """A request that waits for its stream: `patience` runs until the stream begins; `told` are headers of the exchange."""

    receive: Receive
    send: Send
    patience: Patience
    told: Mapping[str, str]


class Authenticated(NamedTuple):
    """Who is asking; `csrf_token` belongs to a cookie session and is None for all others."""

    principal: Principal
    csrf_token: str | None = None

    def __repr__(self) -> str:
        """The token is not shown."""
        return f"Authenticated({self.principal!r})"


class Authenticator(Protocol):
    """Turns a credential into a principal."""

    async def authenticate(self, credential: Credential, http: HttpFacts) -> Authenticated:
        """Raises Unauthenticated for a bad token. A session that is over is NOBODY, so that a browser can sign in."""


class TrustedDocuments(Protocol):
    """Documents that were registered before: what GET may run with a cookie or without a credential."""

    registers: bool
    """False where there are none and never will be: clients need not ask again."""

    async def source(self, document_id: str) -> str | None:
        """The text with this SHA-256 (64 hexadecimal digits), or None."""


class NoDocuments:
    """Nothing is registered."""

    registers = False

    async def source(self, document_id: str) -> str | None:  # noqa: ARG002 - the protocol gives it
        return None


HttpStatus = Literal["audit", "draft"]
"""`audit`: 400 for every request error (graphql-http 1.23). `draft`: 422, and 294 for data beside errors."""
