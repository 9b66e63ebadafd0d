"""The headers that every answer has, and the hosts that are served. It refuses a request for another host.

OWASP secure headers. A page that needs more (the console, its workers) sets its own policy, which then stays.
"""

from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

import orjson
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


MOST_KEPT = 256
LONGEST_KEPT = 256
"""How many spellings of hosts that are served are remembered, and how long they may be."""


def host_of(url: str) -> str:
    """The host that a public address is served under."""
    return (urlsplit(url).hostname or "").lower()


_RAW = tuple((name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items())


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
                own = list(message.get("headers", ()))
                message["headers"] = own + _left_open(frozenset([name for name, _ in own]))
            await send(message)

        await self._app(scope, receive, send_with_headers)


@lru_cache(maxsize=256)
def _left_open(names: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in _RAW if name not in names]


class TrustedHosts:
    """Compares the Host header, without its port, with the hosts that are served; `*.example.org` covers its subdomains.

    Health checks of an orchestrator use an address as host, so `exempt` paths are open to every host.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], exempt: Collection[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(host for host in hosts if not host.startswith("*."))
        self._suffixes = tuple(host[1:] for host in hosts if host.startswith("*."))
        self._exempt = frozenset(exempt)
        self._served: set[bytes] = set()

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
        if len(sent) != 1:
            return False
        if sent[0] in self._served:
            return True
        host = _without_port(sent[0].decode("latin-1").lower())
        serves = host in self._hosts or bool(self._suffixes and host.endswith(self._suffixes))
        if serves and len(self._served) < MOST_KEPT and len(sent[0]) <= LONGEST_KEPT:
            self._served.add(sent[0])
        return serves

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
