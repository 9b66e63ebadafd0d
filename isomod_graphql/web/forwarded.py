"""Where a request comes from when a reverse proxy hands it on. It believes no header of anybody but a proxy that a setting names."""

from collections.abc import Collection
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

Network = IPv4Network | IPv6Network


class ForwardedAddress:
    """Puts the client's address and scheme where the server put those of the proxy.

    X-Forwarded-For is read from the right: every entry was added by the hop after it, so the first one that is no trusted
    proxy is the client, whatever stands further left.
    """

    def __init__(self, app: ASGIApp, *, proxies: Collection[str]) -> None:
        """`proxies` are networks in CIDR notation. Raises ValueError for anything else."""
        self._app = app
        self._proxies: tuple[Network, ...] = tuple(ip_network(proxy) for proxy in proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._proxies and scope.get("client"):
            scope = self._seen(scope)
        await self._app(scope, receive, send)

    def _seen(self, scope: Scope) -> Scope:
        if not self._trusts(scope["client"][0]):
            return scope
        address = self._client(scope) or scope["client"][0]
        schemes = _values(scope, b"x-forwarded-proto")
        scheme = schemes[-1] if schemes and schemes[-1] in {"http", "https"} else scope["scheme"]
        return {**scope, "client": (address, 0), "scheme": scheme}

    def _client(self, scope: Scope) -> str | None:
        for hop in reversed(_values(scope, b"x-forwarded-for")):
            if not _is_address(hop):
                return None
            if not self._trusts(hop):
                return hop
        return None

    def _trusts(self, address: str) -> bool:
        return _is_address(address) and any(ip_address(address) in proxy for proxy in self._proxies)


def _values(scope: Scope, name: bytes) -> list[str]:
    sent = [value.decode("latin-1") for header, value in scope["headers"] if header == name]
    return [part.strip().lower() for part in ",".join(sent).split(",") if part.strip()]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
