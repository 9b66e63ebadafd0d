"""Hands a checked request to the graph and its answer back to the door, cookies included. It decides nothing about access."""

from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Final

from graphql import ExecutionResult, FieldNode, OperationDefinitionNode, OperationType

from isomod_graphql.engine.wishes import Wish, wish_of
from isomod_graphql.identity.desk import Desk
from isomod_graphql.web.exchange import (
    Executed,
    ExecutionReply,
    GraphQLRequest,
    NotExecuted,
    Rendered,
    reply_of,
)
from isomod_graphql.web.facts import HttpFacts, SessionCookie
from isomod_graphql.web.idempotency import key_of
from permissions.decisions import may
from permissions.grants import Action
from permissions.principals import Principal
from schema.context import Services
from schema.execution import Answered, Execution
from schema.explaining import Explainer, beside

SESSION_COOKIE = "__Host-isomod"
DEVICE_COOKIE = "__Host-isomod-device"
DEVICE_SECONDS = 180 * 24 * 3600
EXPLAIN: Final = b"isomod-explain"
EXPLANATIONS: Final = frozenset({"plan", "run"})
"""What the header may ask for: how the answer came about, and with `run` how long each part took."""


class GraphExecutor:
    """The Executor of the GraphQL endpoint."""

    def __init__(self, execution: Execution, desk: Desk) -> None:
        """One per process."""
        self._execution, self._desk = execution, desk
        self._explainer = Explainer(execution)

    async def execute(
        self, request: GraphQLRequest, principal: Principal, *, http: HttpFacts
    ) -> ExecutionReply:
        """Raises IsoModError to refuse the whole request."""
        secret = http.credential.value if isinstance(http.credential, SessionCookie) else None
        services = Services(
            self._desk,
            self._desk.settings,
            address=http.address,
            user_agent=http.header(b"user-agent"),
            session_secret=secret,
            device_secret=http.cookie(DEVICE_COOKIE),
            idempotency_key=key_of(http) if request.kind is OperationType.MUTATION else None,
        )
        wish = wish_of(request.extensions)
        asked = http.header(EXPLAIN)
        if asked is not None and self._explains(asked, principal):
            result = await self._explained(request, principal, services, wish, timed=asked == "run")
        else:
            result = await self._execution.run(
                request.operation,
                request.document,
                request.document_hash,
                dict(request.variables),
                principal,
                services,
                wish,
            )
        if isinstance(result, Answered):
            return Rendered(result.body)
        reply = reply_of(result)
        headers = _set_cookie(services.cookies)
        if isinstance(reply, NotExecuted):
            return NotExecuted(reply.errors, headers)
        dear = request.kind is OperationType.QUERY and not _introspects(request.operation)
        return Executed(reply.data, reply.errors, reply.extensions, headers, dear)

    def _explains(self, asked: str, principal: Principal) -> bool:
        """For everybody else the header changes nothing, and says nothing of why. Of a look as another the actor is asked."""
        now = self._execution.clock.now()
        return asked in EXPLANATIONS and bool(may(principal.acting, Action.EXPLAIN_PLAN, now=now))

    async def _explained(
        self, request: GraphQLRequest, principal: Principal, services: Services, wish: Wish, *, timed: bool
    ) -> ExecutionResult | Answered:
        answer, explanation = await self._explainer.run(
            request.operation,
            request.document,
            request.document_hash,
            dict(request.variables),
            principal,
            services,
            points=request.cost,
            timed=timed,
            wish=wish,
        )
        return beside(answer, explanation)


def _introspects(operation: OperationDefinitionNode) -> bool:
    """Nothing else: that has its own price."""
    return all(
        isinstance(one, FieldNode) and one.name.value.startswith("__")
        for one in operation.selection_set.selections
    )


def _set_cookie(cookies: Mapping[str, str | None]) -> dict[str, str]:
    """RFC 6265: `__Host-` cookies are Secure, have no Domain and Path=/. Several values are joined by a newline."""
    lines = []
    for name, value in cookies.items():
        jar: SimpleCookie = SimpleCookie({name: value or ""})
        morsel = jar[name]
        morsel["path"], morsel["samesite"] = "/", "Lax"
        morsel["secure"] = morsel["httponly"] = True
        if value is None:
            morsel["max-age"] = 0
        elif name == DEVICE_COOKIE:
            morsel["max-age"] = DEVICE_SECONDS
        lines.append(morsel.OutputString())
    return {"Set-Cookie": "\n".join(lines)} if lines else {}
