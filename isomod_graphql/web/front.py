"""The application with one path ahead of its router: what every request asks for is found at once. It refuses no request itself."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send


class Front(Starlette):
    """The endpoint stands behind the same middleware as every route; it answers its own failures."""

    def __init__(
        self,
        path: str,
        endpoint: ASGIApp,
        *,
        routes: Sequence[BaseRoute],
        middleware: Sequence[Middleware],
        lifespan: Lifespan["Front"],
    ) -> None:
        """`endpoint` is an ASGI application for `path` alone."""
        super().__init__(routes=routes, middleware=middleware, lifespan=lifespan)
        self._path = path
        self._endpoint = endpoint
        for build, given, named in reversed(middleware):
            self._endpoint = build(self._endpoint, *given, **named)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As Starlette."""
        if scope["type"] == "http" and scope["path"] == self._path:
            await self._endpoint(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
