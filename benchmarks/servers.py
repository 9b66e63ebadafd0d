"""A server under test: its processes, how it is asked, what it has used. It refuses an answer that holds an error, and leaves no process behind."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.processes import cpu_seconds, resident_megabytes
from benchmarks.workloads import WrongAnswer

STOP_S: Final = 60
PATIENCE_S: Final = 60
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a server and the address of its endpoint."""

    url: str
    pid: int


@dataclass(frozen=True, slots=True)
class Server:
    """`dialect` says whose field names it knows; a token is sent along when there is one."""

    name: str
    dialect: str
    processes: tuple[Process, ...]
    database_pid: int
    token: str = ""

    def ask(self, body: str) -> tuple[dict[str, Any], int]:
        """The data of a reply and the size of the reply in bytes. Raises WrongAnswer."""
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.processes[0].url, body.encode(), headers)  # noqa: S310  our own server
        try:
            with _OPENER.open(request, timeout=PATIENCE_S) as response:
                text = response.read()
        except urllib.error.HTTPError as error:
            raise WrongAnswer(f"{self.name}: HTTP {error.code}: {error.read(2000)!r}") from None
        except OSError as error:
            raise WrongAnswer(f"{self.name}: {error}") from None
        reply = json.loads(text)
        if reply.get("errors") or not reply.get("data"):
            raise WrongAnswer(f"{self.name}: {text[:2000]!r}")
        return reply["data"], len(text)

    def cpu(self) -> tuple[float, float]:
        """CPU seconds so far: of all its processes, and of its database."""
        return sum(cpu_seconds(one.pid) for one in self.processes), cpu_seconds(self.database_pid)

    def resident(self) -> float:
        """Megabytes, of all its processes."""
        return sum(resident_megabytes(one.pid)[0] for one in self.processes)


def body(document: str, variables: Mapping[str, Any]) -> str:
    """The request as every server understands it; the name tells the one that has no GraphQL what to answer."""
    head = document.split("{", 1)[0].split("(", 1)[0].split()
    return json.dumps(
        {
            "operationName": head[1] if len(head) > 1 else None,
            "query": " ".join(document.split()),
            "variables": variables,
        }
    )


@contextmanager
def process(
    command: Sequence[str | Path], environment: Mapping[str, str], folder: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """The process, whose output can be read; ended at the end."""
    started = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            started.kill()
            started.communicate()


def told_ready(started: subprocess.Popen[str]) -> str:
    """The address that the process says it is ready at. Raises WrongAnswer when it says something else."""
    line = started.stdout.readline() if started.stdout is not None else ""
    verb, _, address = line.strip().partition(" ")
    if verb != "ready":
        raise WrongAnswer(f"{started.args!r} did not become ready")
    return address
