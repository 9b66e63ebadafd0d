"""Ten thousand distinct documents: what each costs the first time, and what the caches and the process hold afterwards. It refuses to count a refused document."""

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median, quantiles
from typing import Final
from urllib.parse import urlsplit

from benchmarks.processes import resident_megabytes
from benchmarks.servers import body, process, told_ready
from benchmarks.stand import POINTS, Stand
from benchmarks.workloads import WrongAnswer
from permissions.principals import Role

CLIENTS: Final = 2
FIRST: Final = 200
"""Documents before the memory is looked at for the first time: connections, keys and code are there by then."""

STEPS: Final = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Flooded:
    """Milliseconds of a document that was never seen before; megabytes after so many documents; what the caches hold."""

    documents: int
    p50_ms: float
    p99_ms: float
    megabytes: Sequence[tuple[int, float]]
    caches: dict[str, float]


def distinct(number: int) -> str:
    """A document like no other, and not a small one."""
    fields = "nodes { number title status asset { name location { name } } assignee { name } }"
    return f"query Flood{number} {{ orders{number}: workOrders(first: 5) {{ {fields} }} }}"


def flood(stand: Stand, role: Role, documents: int) -> Flooded:
    """Sends each document once to a process of its own, which tells at its end what its caches hold."""
    environment = {"ISOMOD_DATA_DIR": str(stand.folder.resolve()), "ISOMOD_POINTS_PER_MINUTE": str(POINTS)}
    taken: list[float] = []
    with process([sys.executable, "-m", "benchmarks.launching", "--port", "0"], environment) as started:
        url = told_ready(started)
        _send(url, stand.tokens[role], range(FIRST))
        megabytes = [(0, resident_megabytes(started.pid)[0])]
        sent = 0
        for step in STEPS:
            until = round(step * documents)
            taken += _send(url, stand.tokens[role], range(FIRST + sent, FIRST + until))
            sent = until
            megabytes.append((sent, resident_megabytes(started.pid)[0]))
        started.terminate()
        told, _ = started.communicate()
    return Flooded(documents, median(taken), quantiles(taken, n=100)[-1], megabytes, json.loads(told))


def _send(url: str, token: str, numbers: range) -> list[float]:
    with ThreadPoolExecutor(CLIENTS) as pool:
        shares = [numbers[client::CLIENTS] for client in range(CLIENTS)]
        return [one for share in pool.map(lambda some: _send_each(url, token, some), shares) for one in share]


def _send_each(url: str, token: str, numbers: range) -> list[float]:
    place = urlsplit(url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=60)
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    taken = []
    for number in numbers:
        start = time.perf_counter()
        connection.request("POST", "/graphql", body(distinct(number), {}), headers)
        response = connection.getresponse()
        text = response.read()
        taken.append(1000 * (time.perf_counter() - start))
        if response.status != 200 or b'"errors"' in text:
            raise WrongAnswer(text[:500].decode(errors="replace"))
    connection.close()
    return taken
