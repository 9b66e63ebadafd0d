"""OAuth 2 for partners' programs: token, revocation, introspection, metadata. Refuses every grant but client credentials, and every body but a form.

RFC 6749 section 4.4, RFC 7009, RFC 7662, RFC 8414, RFC 9396. What may be asked for is decided by the partners room.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Send
from starlette.types import Scope as Asgi

from isomod_graphql.audit.service import record_denial
from isomod_graphql.core.errors import IsoModError, NotFound
from isomod_graphql.core.settings import Settings
from isomod_graphql.identity.callers import Callers
from isomod_graphql.identity.desk import Desk
from isomod_graphql.partners import tokens
from isomod_graphql.partners.authentication import ProvenClient, authenticate
from isomod_graphql.partners.errors import (
    InvalidRequest,
    OAuthRefusal,
    TemporarilyUnavailable,
    UnsupportedGrantType,
)
from isomod_graphql.partners.narrowing import TYPE, narrowing_of, told
from isomod_graphql.web.answers import entry_of_bug
from isomod_graphql.web.arrival import ClientGone, Patience
from isomod_graphql.web.facts import HttpFacts
from isomod_graphql.web.forms import FORM_BYTES, Form, form_of, proof_of, require_form
from isomod_graphql.web.metering import Meter
from isomod_graphql.web.refusals import DoorRefusal, MethodNotAllowed, RateLimited
from permissions.caveats import Caveats
from permissions.grants import CLIENT_SCOPES
from permissions.principals import NOBODY, Scope
from schema.entities import LOCATION

POINTS: Final = 100
"""What a request to these endpoints costs: of the program that is proven, or of the address that proves nothing."""
GRANT: Final = "client_credentials"
NO_STORE: Final[Mapping[str, str]] = {"cache-control": "no-store", "pragma": "no-cache"}


class Reply(NamedTuple):
    """An answer on its way out; without a body where the RFC asks for none."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = NO_STORE


@dataclass(frozen=True, slots=True)
class _Asking:
    """A form and the program that proved to have sent it."""

    form: Form
    client: ProvenClient


Answering = Callable[[_Asking], Awaitable[Reply]]
Late = Callable[[IsoModError], Coroutine[Any, Any, None]]


class OAuth:
    """The endpoints on one installation. One per process."""

    def __init__(self, desk: Desk, callers: Callers, meter: Meter) -> None:
        """`callers` forget whose token was revoked; `meter` is the one of the graph, so a program has one purse."""
        self._desk, self._callers, self._meter = desk, callers, meter

    def routes(self) -> list[Route]:
        """The addresses of RFC 6749 and RFC 8414."""
        document = metadata(self._desk.settings)

        async def described(_request: Request) -> JSONResponse:
            return JSONResponse(document, headers={"cache-control": "public, max-age=3600"})

        return [
            Route("/oauth/token", _Endpoint(self, "CLIENT_TOKEN_ISSUE", self._token)),
            Route("/oauth/revoke", _Endpoint(self, "CLIENT_TOKEN_REVOKE", self._revoke)),
            Route("/oauth/introspect", _Endpoint(self, "CLIENT_TOKEN_INTROSPECT", self._introspect)),
            Route("/.well-known/oauth-authorization-server", described, methods=["GET"]),
        ]

    async def answer(self, http: HttpFacts, body: bytes, action: str, answering: Answering) -> Reply:
        """Reads the form, proves the program, takes its points, answers. Raises OAuthRefusal, RateLimited.

        What is refused before a program is proven costs the address; what is refused to a program is on record.
        """
        try:
            form = form_of(body)
            client = await authenticate(self._desk, proof_of(http, form), http.address, action)
        except OAuthRefusal as refusal:
            refusal.left = self._meter.charge(POINTS, NOBODY, http)
            raise
        headers = self._meter.spend(POINTS, client.principal, http)
        try:
            reply = await answering(_Asking(form, client))
        except OAuthRefusal as refusal:
            refusal.left = headers
            entity = ("PartnerClient", client.id)
            await record_denial(
                self._desk.store, client.principal, action, refusal.error.upper(), entity=entity
            )
            raise
        return reply._replace(headers={**reply.headers, **headers})

    def require_points(self, http: HttpFacts) -> None:
        """Raises RateLimited where an address has failed too often in this minute."""
        self._meter.require(NOBODY, http)

    @property
    def timeout_s(self) -> float:
        return self._desk.settings.request_timeout_s

    async def _token(self, asking: _Asking) -> Reply:
        form, client = asking.form, asking.client
        if "grant_type" not in form:
            raise InvalidRequest("grant_type is missing.")
        if form["grant_type"] != GRANT:
            raise UnsupportedGrantType
        ids = (await self._desk.store.keystore.tenant(client.tenant_id)).ids

        def opened(text: str) -> Any:  # noqa: ANN401  a uuid
            found = ids.open(text)
            if found.type_code != LOCATION.code:
                raise NotFound
            return found.row_id

        asked = narrowing_of(form.get("authorization_details"))
        token = await tokens.issue(self._desk, client, form.get("scope"), asked, opened)
        body = {
            "access_token": token.secret, "token_type": "Bearer", "expires_in": int(token.lives.total_seconds()),
            "scope": _scope(token.scopes),
        }  # fmt: skip
        return Reply(200, body | await self._details(client, token.caveats))

    async def _revoke(self, asking: _Asking) -> Reply:
        if await tokens.revoke(self._desk, asking.client, _token_of(asking.form)):
            self._callers.forget()
        return Reply(200)

    async def _introspect(self, asking: _Asking) -> Reply:
        client = asking.client
        known = await tokens.introspect(self._desk, client, _token_of(asking.form))
        if known is None:
            return Reply(200, {"active": False})
        body = {
            "active": True, "scope": _scope(known.scopes), "client_id": client.client_id, "sub": client.client_id,
            "token_type": "Bearer", "iat": int(known.issued_at.timestamp()), "exp": int(known.expires_at.timestamp()),
            "iss": _issuer(self._desk.settings),
        }  # fmt: skip
        return Reply(200, body | await self._details(client, known.caveats))

    async def _details(self, client: ProvenClient, caveats: Caveats) -> dict[str, Any]:
        """RFC 9396 section 7: what was granted, left out where nothing is narrowed."""
        ids = (await self._desk.store.keystore.tenant(client.tenant_id)).ids
        entries = told(caveats, lambda site: ids.seal(LOCATION.code, site))
        return {"authorization_details": entries} if entries else {}


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """An ASGI application for one path: a form in, JSON out."""

    oauth: OAuth
    action: str
    answering: Answering

    async def __call__(self, scope: Asgi, receive: Receive, send: Send) -> None:
        """Nothing of a failure is shown but its code."""
        http = HttpFacts(scope, "")

        async def late(refusal: IsoModError) -> None:
            await _send(send, reply_of(refusal))

        try:
            reply = await self._reply(http, receive, late)
        except ClientGone:
            return
        except (OAuthRefusal, IsoModError) as refusal:
            reply = reply_of(refusal)
        except Exception as bug:  # noqa: BLE001 - the last line of defence: nothing of it may be shown
            entry_of_bug(bug)
            reply = _failed(500, "server_error", "Something went wrong.")
        await _send(send, reply)

    async def _reply(self, http: HttpFacts, receive: Receive, late: Late) -> Reply:
        if http.method != "POST":
            raise MethodNotAllowed(allow="POST")
        require_form(http)
        self.oauth.require_points(http)
        patience = Patience(receive, self.oauth.timeout_s, late)
        try:
            body = await patience.read_body(http, FORM_BYTES)
            return await patience.finish(self.oauth.answer(http, body, self.action, self.answering))
        finally:
            patience.end()


def metadata(settings: Settings) -> dict[str, Any]:
    """RFC 8414 section 2. Nothing is authorised through a browser, so the only response type is `none`."""
    issuer = _issuer(settings)
    ways = ["client_secret_basic", "client_secret_post"]
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "token_endpoint_auth_methods_supported": ways,
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": ways,
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": ways,
        "grant_types_supported": [GRANT],
        "response_types_supported": ["none"],
        "scopes_supported": sorted(CLIENT_SCOPES),
        "authorization_details_types_supported": [TYPE],
    }


def reply_of(refusal: OAuthRefusal | IsoModError) -> Reply:
    """RFC 6749 section 5.2. A refusal of the exchange itself keeps its status; a part that is away is 503."""
    if isinstance(refusal, OAuthRefusal):
        return _failed(
            refusal.status, refusal.error, refusal.description, {**refusal.headers, **refusal.left}
        )
    if isinstance(refusal, RateLimited):
        late = TemporarilyUnavailable(refusal.retry_after)
        return _failed(late.status, late.error, refusal.message, {**late.headers, **refusal.headers})
    if isinstance(refusal, MethodNotAllowed):
        return _failed(refusal.status, InvalidRequest.error, refusal.message, {"allow": refusal.allow})
    if isinstance(refusal, DoorRefusal) and refusal.status != 503:
        return _failed(refusal.status, InvalidRequest.error, refusal.message)
    return _failed(503, TemporarilyUnavailable.error, refusal.message, {"retry-after": "1"})


def _failed(status: int, error: str, description: str, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, {"error": error, "error_description": description}, {**NO_STORE, **(headers or {})})


def _issuer(settings: Settings) -> str:
    return settings.public_url.rstrip("/")


def _scope(scopes: frozenset[Scope]) -> str:
    return " ".join(sorted(scopes))


def _token_of(form: Form) -> str:
    if "token" not in form:
        raise InvalidRequest("token is missing.")
    return form["token"]


async def _send(send: Send, reply: Reply) -> None:
    body = b"" if reply.body is None else orjson.dumps(reply.body)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
    if body:
        headers.append((b"content-type", b"application/json"))
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
