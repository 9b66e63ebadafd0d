"""Many requests at once: `wrk` where it is installed, threads of this process where it is not. It refuses replies that failed or are too short."""

import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from benchmarks.agreement import Asked
from benchmarks.servers import PATIENCE_S, Process, Server
from benchmarks.workloads import WrongAnswer

CONNECTIONS: Final = 8
SCRIPT: Final = Path(__file__).parent / "wrk.lua"


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: requests per second, latencies, and CPU time of one request in milliseconds."""

    rps: float
    p50_ms: float
    p99_ms: float
    server_ms: float
    database_ms: float


def medians(samples: Sequence[Sample]) -> Sample:
    """Of every column by itself."""
    return Sample(
        *(
            median(getattr(sample, name) for sample in samples)
            for name in ("rps", "p50_ms", "p99_ms", "server_ms", "database_ms")
        )
    )


def generator() -> str:
    """What sends the requests."""
    return "wrk" if shutil.which("wrk") else "threads of Python, which take CPU time from the servers"


def measure(server: Server, asked: Asked, seconds: float, connections: int = CONNECTIONS) -> Sample:
    """Asks for about this long; the connections are shared out evenly among the server's processes. Raises WrongAnswer.

    A server that ends no request in that time is given more.
    """
    while True:
        sample = _measure(server, asked, seconds, connections)
        if sample is not None:
            return sample
        seconds *= 2
        if seconds > PATIENCE_S:
            raise WrongAnswer(f"{server.name}: no reply")


def _measure(server: Server, asked: Asked, seconds: float, connections: int) -> Sample | None:
    each = max(1, connections // len(server.processes))
    send = _wrk if shutil.which("wrk") else _threads
    before = server.cpu()
    with ThreadPoolExecutor(len(server.processes)) as pool:
        work = [pool.submit(send, one, server.token, asked, seconds, each) for one in server.processes]
        sent = [one.result() for one in work]
    after = server.cpu()
    requests = sum(one.requests for one in sent)
    if any(one.errors for one in sent):
        raise WrongAnswer(f"{server.name}: {requests} replies, {sum(one.errors for one in sent)} errors")
    if not all(one.requests for one in sent):
        return None
    if sum(one.size for one in sent) / requests < 0.9 * asked.size:
        raise WrongAnswer(f"{server.name}: replies are shorter than the checked ones")
    used = [1000 * (now - past) / requests for now, past in zip(after, before, strict=True)]
    return Sample(
        sum(one.requests / one.seconds for one in sent),
        median(one.p50_ms for one in sent),
        max(one.p99_ms for one in sent),
        *used,
    )


class _Sent(NamedTuple):
    requests: int
    seconds: float
    size: int
    errors: int
    p50_ms: float
    p99_ms: float


def _wrk(process: Process, token: str, asked: Asked, seconds: float, connections: int) -> _Sent:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as bodies:
        bodies.write("".join(f"{one}\n" for one in asked.bodies))
        bodies.flush()
        done = subprocess.run(
            [
                "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "60s",
                "-s", str(SCRIPT), process.url, "--", bodies.name,
            ],
            env={**os.environ, "BENCH_TOKEN": token}, check=True, capture_output=True, text=True,
        )  # fmt: skip
    told = json.loads(done.stdout.splitlines()[-1])
    return _Sent(*(told[name] for name in ("requests", "seconds", "bytes", "errors", "p50_ms", "p99_ms")))


def _threads(process: Process, token: str, asked: Asked, seconds: float, connections: int) -> _Sent:
    start = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        work = [
            pool.submit(_keep_asking, process.url, token, asked.bodies, start + seconds, seed)
            for seed in range(connections)
        ]
        done = [one.result() for one in work]
    taken = sorted(one for times, _, _ in done for one in times)
    p99 = quantiles(taken, n=100)[-1] if len(taken) > 1 else taken[0]
    return _Sent(
        len(taken),
        time.perf_counter() - start,
        sum(size for _, size, _ in done),
        sum(errors for _, _, errors in done),
        median(taken),
        p99,
    )


def _keep_asking(
    url: str, token: str, bodies: Sequence[str], end: float, seed: int
) -> tuple[list[float], int, int]:
    """Milliseconds of each request, bytes and errors, over one connection."""
    place, draw = urlsplit(url), random.Random(seed)  # noqa: S311  an order, not a secret
    connection = HTTPConnection(place.hostname or "", place.port, timeout=60)
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    taken: list[float] = []
    size = errors = 0
    while not taken or time.perf_counter() < end:
        start = time.perf_counter()
        connection.request("POST", place.path, draw.choice(bodies), headers)
        response = connection.getresponse()
        size += len(response.read())
        taken.append(1000 * (time.perf_counter() - start))
        errors += response.status != 200
    connection.close()
    return taken, size, errors
