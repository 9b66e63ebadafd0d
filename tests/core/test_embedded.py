"""The embedded server as the demo and the benchmarks use it: started, found running, stopped and started again by one process."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from isomod_graphql.core.embedded import EmbeddedServer, start_server, stop_server


async def one(server: EmbeddedServer) -> int:
    """What a connection answers."""
    connection = await server.admin()
    try:
        return int(await connection.fetchval("SELECT 1"))
    finally:
        await connection.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Of a short name, as the path of a socket has its limit; the server runs as a user of its own."""
    above = Path(tempfile.mkdtemp(prefix="isomod-tests-"))
    above.chmod(0o755)
    yield above / "one"
    shutil.rmtree(above)


async def test_a_server_that_was_stopped_is_started_again_by_the_same_process(folder: Path) -> None:
    try:
        first = start_server(folder)
        found = start_server(folder)
        answers = [await one(first)]
        stop_server(folder)
        again = start_server(folder)
        answers.append(await one(again))
    finally:
        stop_server(folder)

    assert found.pid == first.pid
    assert answers == [1, 1]
