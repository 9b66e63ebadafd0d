"""What one client sees, and what the process weighs. It refuses to call the memory of an idle process its memory."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.agreement import Asked
from benchmarks.documents import PRODUCT, document
from benchmarks.pressure import Sample, measure
from benchmarks.processes import resident_megabytes
from benchmarks.servers import Server, body
from benchmarks.workloads import WORKLOADS


@dataclass(frozen=True, slots=True)
class Serving:
    """Over one connection, and megabytes: before anything was asked, now, and at most."""

    alone: Mapping[str, Sample]
    ready_mb: float
    now_mb: float
    most_mb: float


def serve_alone(server: Server, asked: Mapping[str, Asked], ready_mb: float, seconds: float) -> Serving:
    """Asks the smallest question and every workload over one connection."""
    smallest = body(document(PRODUCT, "viewer"), {})
    _, size = server.ask(smallest)
    questions = {"viewer": Asked([smallest], size), **{name: asked[name] for name in WORKLOADS}}
    alone = {}
    for name, question in questions.items():
        measure(server, question, 1, connections=1)
        alone[name] = measure(server, question, seconds, connections=1)
    return Serving(alone, ready_mb, *resident_megabytes(server.processes[0].pid))
