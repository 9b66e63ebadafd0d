"""The headers that every answer has, and the hosts that are served. It refuses a request for another host.

OWASP secure headers. A page that needs more (the console, its workers) sets its own policy, which then stays.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

import orjson
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from isomod_graphql.web.answers import entries_of_refusal
from isomod_graphql.web.refusals import HostUnknown

SECURITY_HEADERS = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
"""What an answer has unless it says otherwise itself."""


def host_of(url: str) -> str:
    """The host that a public address is served under."""
    return (urlsplit(url).hostname or "").lower()


class SecurityHeaders:
    """Fills in what the answer left open."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class TrustedHosts:
    """Compares the Host header, without its port, with the hosts that are served; `*.example.org` covers its subdomains.

    Health checks of an orchestrator use an address as host, so `exempt` paths are open to every host.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], exempt: Collection[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(host for host in hosts if not host.startswith("*."))
        self._suffixes = tuple(host[1:] for host in hosts if host.startswith("*."))
        self._exempt = frozenset(exempt)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and not self._serves(scope):
            await self._refuse(scope, send)
            return
        await self._app(scope, receive, send)

    def _serves(self, scope: Scope) -> bool:
        """A request with two Host headers means two hosts, so it means none."""
        if scope["path"] in self._exempt:
            return True
        sent = [value for name, value in scope["headers"] if name == b"host"]
        host = _without_port(sent[0].decode("latin-1").lower()) if len(sent) == 1 else ""
        return host in self._hosts or bool(self._suffixes and host.endswith(self._suffixes))

    async def _refuse(self, scope: Scope, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000, "reason": ""})
            return
        body = orjson.dumps({"errors": entries_of_refusal(HostUnknown())})
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
        ]
        await send({"type": "http.response.start", "status": HostUnknown.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
