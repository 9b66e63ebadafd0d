"""The whole application in this process, asked over ASGI as a server asks it; callers are known by a token of their own. It changes nothing but who is believed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import event
from starlette.applications import Starlette
from starlette.routing import Route

from isomod_graphql.core.installation import Installation
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.web.app import Parts, create_app
from isomod_graphql.web.exchange import Authenticated
from isomod_graphql.web.facts import Bearer, Credential, HttpFacts
from permissions.principals import Principal
from tests.engine.asking import Caller
from tests.engine.overhearing import overheard

Headers = Sequence[tuple[bytes, bytes]]
JSON: Final = (b"content-type", b"application/json")
ACCEPT: Final = (b"accept", b"application/graphql-response+json")


@dataclass(frozen=True)
class Sent:
    """One HTTP request."""

    method: str
    path: str
    query: bytes = b""
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Got:
    """All that comes back, and how many statements it took."""

    status: int
    headers: Headers
    body: bytes
    statements: int = 0

    @property
    def whole(self) -> bytes:
        """Head and body, as they go over the wire."""
        head = b"".join(b"%b: %b\r\n" % pair for pair in self.headers)
        return b"HTTP/1.1 %d\r\n%b\r\n%b" % (self.status, head, self.body)


@dataclass
class _Known:
    """Believes the tokens that tests made; every other credential is looked up as ever."""

    otherwise: Any
    principals: dict[str, Principal] = field(default_factory=dict)

    async def authenticate(self, credential: Credential, http: HttpFacts) -> Authenticated:
        """As the protocol says."""
        if isinstance(credential, Bearer) and credential.token in self.principals:
            return Authenticated(self.principals[credential.token])
        asked: Authenticated = await self.otherwise.authenticate(credential, http)
        return asked

    async def still(self, credential: Credential, http: HttpFacts) -> Principal | None:
        """As for a stream."""
        return (await self.authenticate(credential, http)).principal


class House:
    """One application on one store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        """Counts what its main database is asked."""
        heard, self._read = overheard(store)
        self.app: Starlette = create_app(Installation(settings, heard, store.clock))
        self.parts: Parts = self.app.state.parts
        endpoint = self.parts.endpoint
        self._meter: Any = endpoint._meter  # What is left of the points depends on what was asked before.
        self._known = _Known(endpoint._authenticator)
        exports: Any = next(
            one.endpoint for one in self.app.routes if isinstance(one, Route) and one.path == "/export"
        )
        endpoint._authenticator = exports._authenticator = self._known
        streams: Any = endpoint._streaming
        streams.callers = self._known
        self._engine = store.main.engine.sync_engine
        self.texts: list[str] = []
        event.listen(self._engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, text: str, *_more: Any) -> None:  # noqa: ANN401  the driver's
        self.texts.append(text)

    def token(self, who: Caller) -> bytes:
        """Makes the caller known."""
        token = sha256(who.name.encode()).hexdigest()
        self._known.principals[token] = who.principal
        return token.encode("ascii")

    def validate_as(self, other: "House") -> None:
        """Documents that the other has validated are valid here: that depends on no value."""
        self.parts.endpoint.documents = other.parts.endpoint.documents
        self.parts.endpoint._fitting = other.parts.endpoint._fitting

    async def ask(self, sent: Sent, who: Caller | None = None) -> Got:
        """As this caller, or as nobody."""
        self.forget()
        bearer = () if who is None else ((b"authorization", b"Bearer " + self.token(who)),)
        host = () if any(name == b"host" for name, _ in sent.headers) else ((b"host", b"localhost"),)
        got = await asgi(self.app, sent, (*host, *bearer, *sent.headers))
        return await self.heard(got)

    def forget(self) -> None:
        """What was asked before, and what it cost."""
        self._read.clear()
        self.texts.clear()
        self._meter._spent.clear()

    async def heard(self, got: Got) -> Got:
        """With the statements since then."""
        await self.parts.watchman.close()
        self.texts += self._read
        return Got(got.status, got.headers, got.body, len(self.texts))

    async def close(self) -> None:
        """Everything is on record; the store stays open."""
        event.remove(self._engine, "before_cursor_execute", self._note)
        await self.parts.watchman.close()
        await self.parts.access_log.close()


async def asgi(app: Starlette, sent: Sent, headers: Headers) -> Got:
    """One exchange with an ASGI application."""
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "scheme": "http",
        "method": sent.method, "path": sent.path, "raw_path": sent.path.encode(), "query_string": sent.query,
        "root_path": "", "headers": list(headers), "client": ("127.0.0.1", 50_000), "server": ("localhost", 80),
        "state": {},
    }  # fmt: skip
    arrived, start, parts = [False], dict[str, Any](), list[bytes]()

    async def receive() -> dict[str, Any]:
        if arrived[0]:
            await asyncio.Event().wait()
        arrived[0] = True
        return {"type": "http.request", "body": sent.body, "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401  ASGI's own dictionaries
        if message["type"] == "http.response.start":
            start.update(message)
        parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return Got(
        start["status"],
        tuple((bytes(name), bytes(value)) for name, value in start["headers"]),
        b"".join(parts),
    )
