"""The whole application asked inside this process: the time from a request's arrival to its answer, sign-in and database included, without a socket."""

import asyncio
import gc
import time
from collections.abc import Mapping
from statistics import median
from typing import Any

from benchmarks.stand import Stand
from benchmarks.workloads import QUERIES, WrongAnswer
from isomod_graphql.web.app import Parts, create_app
from permissions.principals import Role

TIMES = 1_000


async def server_time(stand: Stand, role: Role, name: str) -> float:
    """Median milliseconds of the document of this name."""
    app = create_app(stand.installation)
    body = b'{"query": "%s"}' % " ".join((QUERIES / f"{name}.graphql").read_text().split()).encode()
    taken = []
    for _ in range(100):
        await _ask(app, stand.tokens[role], body)
    gc.collect()
    for _ in range(TIMES):
        start = time.perf_counter()
        await _ask(app, stand.tokens[role], body)
        taken.append(1000 * (time.perf_counter() - start))
    parts: Parts = app.state.parts
    await parts.access_log.close()
    return median(taken)


async def _ask(app: Any, token: str, body: bytes) -> None:  # noqa: ANN401  an ASGI application
    headers = {"host": "127.0.0.1", "content-type": "application/json", "content-length": str(len(body))}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/graphql", "raw_path": b"/graphql", "root_path": "", "query_string": b"",
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
        "headers": [
            (key.encode(), value.encode())
            for key, value in {**headers, "authorization": f"Bearer {token}"}.items()
        ],
    }  # fmt: skip
    arrived: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Mapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        """The body, and then a client that waits."""
        if not arrived:
            await asyncio.Event().wait()
        return arrived.pop()

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if sent[0]["status"] != 200 or b'"errors"' in sent[1]["body"]:
        raise WrongAnswer(str(sent))
