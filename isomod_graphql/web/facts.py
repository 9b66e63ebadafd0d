"""What an HTTP request says about itself, read from the ASGI scope when it is asked for. It refuses to believe the path in `Host`."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.types import Scope

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Bearer:
    """RFC 6750. A browser never adds it by itself."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """A browser adds it to every request, also to one that another site made."""

    value: str = field(repr=False)


Credential = Bearer | SessionCookie


class HttpFacts:
    """One request. ASGI gives header names in lower case; a header that was sent twice is joined by a comma."""

    __slots__ = ("_client", "_headers", "credential", "method", "path", "query", "scheme")

    def __init__(self, scope: Scope, session_cookie: str) -> None:
        """`session_cookie` is the name of the cookie that carries a session."""
        sent: Headers = scope["headers"]
        headers = dict(sent)
        self._headers = headers if len(headers) == len(sent) else _joined(sent)
        self._client: Sequence[str] | None = scope.get("client")
        self.method: str = scope.get("method", "GET")
        self.path: str = scope["path"]
        self.scheme: str = scope.get("scheme", "http")
        self.query: bytes = scope.get("query_string", b"")
        self.credential = self._credential(session_cookie)

    def header(self, name: bytes) -> str | None:
        """The value of a header, by its name in lower case."""
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    def cookie(self, name: str) -> str | None:
        """The first cookie of this name that is not empty."""
        sent = self._headers.get(b"cookie")
        if sent is None:
            return None
        for pair in sent.decode("latin-1").split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name and value:
                return value
        return None

    @property
    def address(self) -> str | None:
        return self._client[0] if self._client else None

    @property
    def host(self) -> str:
        return (self.header(b"host") or "").lower()

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"

    def _credential(self, session_cookie: str) -> Credential | None:
        """An Authorization header decides alone: who sends one does not mean the cookie."""
        authorization = self.header(b"authorization")
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            return Bearer(token.strip() if scheme.lower() == "bearer" else "")
        value = self.cookie(session_cookie)
        return None if value is None else SessionCookie(value)


def _joined(sent: Headers) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    for name, value in sent:
        separator = b"; " if name == b"cookie" else b", "
        headers[name] = headers[name] + separator + value if name in headers else value
    return headers
