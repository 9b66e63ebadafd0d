"""Hands a checked request to the graph and its answer back to the door, cookies included. It decides nothing about access."""

from collections.abc import Mapping
from http.cookies import SimpleCookie

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
from permissions.principals import Principal
from schema.context import Services
from schema.execution import Answered, Execution

SESSION_COOKIE = "__Host-isomod"
DEVICE_COOKIE = "__Host-isomod-device"
DEVICE_SECONDS = 180 * 24 * 3600


class GraphExecutor:
    """The Executor of the GraphQL endpoint."""

    def __init__(self, execution: Execution, desk: Desk) -> None:
        """One per process."""
        self._execution, self._desk = execution, desk

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
        )
        result = await self._execution.run(
            request.operation,
            request.document,
            request.document_hash,
            dict(request.variables),
            principal,
            services,
        )
        if isinstance(result, Answered):
            return Rendered(result.body)
        reply = reply_of(result)
        headers = _set_cookie(services.cookies)
        if isinstance(reply, NotExecuted):
            return NotExecuted(reply.errors, headers)
        return Executed(reply.data, reply.errors, reply.extensions, headers)


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
