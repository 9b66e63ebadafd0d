"""What an HTTP request says about itself, read once from the ASGI scope. It refuses to believe the path in `Host`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from starlette.types import Scope


@dataclass(frozen=True, slots=True)
class Bearer:
    """RFC 6750. A browser never adds it by itself."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """A browser adds it to every request, also to one that another site made."""

    value: str = field(repr=False)


Credential = Bearer | SessionCookie


@dataclass(frozen=True, slots=True)
class HttpFacts:
    """Headers have lower-case names; one that was sent twice is joined by a comma."""

    method: str
    path: str
    scheme: str
    address: str | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    query: bytes = field(repr=False)
    credential: Credential | None

    @property
    def host(self) -> str:
        return self.headers.get("host", "").lower()

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"


def facts_of(scope: Scope, session_cookie: str) -> HttpFacts:
    """`session_cookie` is the name of the cookie that carries a session."""
    headers = _headers(scope)
    client: Any = scope.get("client")
    return HttpFacts(
        method=str(scope.get("method", "GET")),
        path=str(scope["path"]),
        scheme=str(scope.get("scheme", "http")),
        address=client[0] if client else None,
        headers=MappingProxyType(headers),
        query=scope.get("query_string", b""),
        credential=_credential(headers, session_cookie),
    )


def _headers(scope: Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        separator = "; " if name == "cookie" else ", "
        headers[name] = headers[name] + separator + value if name in headers else value
    return headers


def _credential(headers: Mapping[str, str], session_cookie: str) -> Credential | None:
    """An Authorization header decides alone: who sends one does not mean the cookie."""
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        return Bearer(token.strip() if scheme.lower() == "bearer" else "")
    for pair in headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == session_cookie and value:
            return SessionCookie(value)
    return None
