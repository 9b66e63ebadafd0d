"""The API as a process of its own, asked over HTTP: memory, latency and CPU time. It refuses an answer that holds an error."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.processes import cpu_seconds, resident_megabytes
from benchmarks.stand import POINTS, Stand
from benchmarks.workloads import QUERIES, WORKLOADS, WrongAnswer

CONNECTIONS: Final = 8
START_S: Final = 60


@dataclass(frozen=True, slots=True)
class Served:
    """Milliseconds of one request over one connection, and CPU time per request under eight connections."""

    median_ms: float
    p99_ms: float
    server_cpu_ms: float
    database_cpu_ms: float
    per_second: float


@dataclass(frozen=True, slots=True)
class Serving:
    """What was seen from outside."""

    answers: Mapping[str, Served]
    idle_mb: float
    resident_mb: float
    most_mb: float


def isomod() -> str:
    """The product's command in this environment."""
    return str(Path(sys.executable).with_name("isomod"))


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """The process id and the address that it said it is ready at; ended at the end. Raises WrongAnswer when it says nothing."""
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout is not None else ""
        verb, _, address = line.strip().partition(" ")
        if verb != "ready":
            raise WrongAnswer(f"{' '.join(command)} did not become ready")
        yield process.pid, address
    finally:
        process.terminate()
        process.wait(START_S)
        if process.stdout is not None:
            process.stdout.close()


def serve_and_ask(
    stand: Stand, token: str, variables: Mapping[str, Sequence[Mapping[str, Any]]], seconds: float
) -> Serving:
    """Asks every workload and the smallest question, over one connection and over eight."""
    environment = {"ISOMOD_DATA_DIR": str(stand.folder.resolve()), "ISOMOD_POINTS_PER_MINUTE": str(POINTS)}
    with running([isomod(), "serve", "--port", "0"], environment) as (pid, address):
        idle, _ = resident_megabytes(pid)
        answers = {}
        for name in ("viewer", *WORKLOADS):
            bodies = [_body(name, given) for given in variables.get(name, [{}])]
            answers[name] = _ask(address, token, bodies, seconds, (pid, stand.database_pid))
        return Serving(answers, idle, *resident_megabytes(pid))


def _ask(address: str, token: str, bodies: Sequence[bytes], seconds: float, pids: tuple[int, int]) -> Served:
    _keep_asking(address, token, bodies, seconds / 2)
    alone = _keep_asking(address, token, bodies, seconds)
    before = [cpu_seconds(pid) for pid in pids]
    start = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        work = [pool.submit(_keep_asking, address, token, bodies, seconds) for _ in range(CONNECTIONS)]
        requests = sum(len(one.result()) for one in work)
    wall = time.perf_counter() - start
    server, database = (
        1000 * (cpu_seconds(pid) - past) / requests for pid, past in zip(pids, before, strict=True)
    )
    p99 = quantiles(alone, n=100)[-1] if len(alone) > 1 else alone[0]
    return Served(median(alone), p99, server, database, requests / wall)


def _keep_asking(address: str, token: str, bodies: Sequence[bytes], seconds: float) -> list[float]:
    """Milliseconds of each request, one after the other over one connection."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        connection.request("POST", "/graphql", bodies[len(taken) % len(bodies)], headers)
        response = connection.getresponse()
        text = response.read()
        taken.append(1000 * (time.perf_counter() - start))
        if response.status != 200 or b'"errors"' in text:
            raise WrongAnswer(text[:500].decode(errors="replace"))
    connection.close()
    return taken


def _body(name: str, variables: Mapping[str, Any]) -> bytes:
    source = (QUERIES / f"{name}.graphql").read_text(encoding="utf-8")
    return json.dumps({"query": source, "variables": variables}).encode()
