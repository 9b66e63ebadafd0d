"""Serves the built console at /graphiql and the pages that letters lead to; builds nothing, and serves no file beyond the build's own assets."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

DIST = Path(__file__).parent / "console" / "dist"
"""Where `make console` puts the built files, and where the wheel carries them."""

POLICY: Mapping[str, str] = MappingProxyType(
    {
        "default-src": "'none'",
        "script-src": "'self'",
        "worker-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",  # The editor positions its lines with style attributes.
        "font-src": "'self' data:",  # The editor's style sheet carries its fonts.
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
)

CONTENT_SECURITY_POLICY = "; ".join(f"{directive} {sources}" for directive, sources in POLICY.items())
"""Stricter than it looks: a worker obeys the policy of its own script, so every asset carries it too."""

# The machine's own table of types differs between machines, and a module script with a wrong type does not run.
MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".svg": "image/svg+xml",
        ".ttf": "font/ttf",
        ".woff2": "font/woff2",
    }
)

ACCOUNT_PAGES = frozenset(
    {"accept-invitation", "verify-email", "reset-password", "change-email", "forgot-password"}
)
"""The last part of their addresses. The token of a letter follows behind #, which no browser sends."""

ASSET_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")

NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>The console is not built</title>
<h1>The console is not built</h1>
<p>Run <code>make console</code> in the project folder and load this page again. The API at /graphql works without it.</p>
</html>
"""


def console_routes(dist: Path = DIST) -> list[Route]:
    """The pages and their assets; a console that is built while the server runs is found without a restart."""

    def page(request: Request) -> Response:
        return _page(request, dist / "index.html")

    def account(request: Request) -> Response:
        if request.path_params["page"] not in ACCOUNT_PAGES:
            return Response(status_code=404, headers=_headers("no-store"))
        return _page(request, dist / "account.html")

    def asset(request: Request) -> Response:
        path = dist / "assets" / request.path_params["name"]
        if not ASSET_NAME.fullmatch(path.name) or path.suffix not in MEDIA_TYPES or not path.is_file():
            return Response(status_code=404, headers=_headers("no-store"))
        return _file(request, path, cache="public, max-age=31536000, immutable")

    return [
        Route("/graphiql", page, name="console"),
        Route("/account/{page:str}", account, name="account"),
        Route("/console/assets/{name:str}", asset, name="console_asset"),
    ]


def _headers(cache: str) -> dict[str, str]:
    """Only what differs from every other answer; the rest is filled in for all of them."""
    return {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": cache}


def _page(request: Request, path: Path) -> Response:
    """A page names hashed assets, so a browser asks for it anew each time and keeps them for good."""
    if not path.is_file():
        return HTMLResponse(NOT_BUILT, status_code=404, headers=_headers("no-store"))
    return _file(request, path, cache="no-cache")


def _file(request: Request, path: Path, *, cache: str) -> Response:
    headers = {**_headers(cache), "Vary": "Accept-Encoding"}
    compressed = path.with_name(f"{path.name}.gz")
    if accepts_gzip(request.headers.get("accept-encoding", "")) and compressed.is_file():
        headers["Content-Encoding"] = "gzip"
        return FileResponse(compressed, media_type=MEDIA_TYPES[path.suffix], headers=headers)
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers=headers)


def accepts_gzip(accept_encoding: str) -> bool:
    """RFC 9110 section 12.5.3: `gzip` decides, `*` stands for it when it is not named, and a weight of 0 refuses."""
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameters = part.partition(";")
        name, _, weight = parameters.strip().partition("=")
        try:
            weights[coding.strip()] = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            weights[coding.strip()] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0
