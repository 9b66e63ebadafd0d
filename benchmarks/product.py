"""The product as processes of its own, beside its peers. It refuses to be kinder to itself than to them: one process, eight connections, no reply kept."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from benchmarks.documents import PRODUCT
from benchmarks.servers import Process, Server, process, told_ready
from benchmarks.stand import POINTS, Stand
from permissions.principals import Role

AS_SHIPPED: Final = PRODUCT
AS_VIEWER: Final = "product, masked"
NULL_SINK: Final = "product, null sink"
NOT_COMPILED: Final = "product, not compiled"
_SWITCHES: Final = {NULL_SINK: "--null-sink", NOT_COMPILED: "--reference"}
"""Variants that only the benchmark can start."""


def isomod() -> str:
    """The product's command in this environment."""
    return str(Path(sys.executable).with_name("isomod"))


@contextmanager
def product(stand: Stand, role: Role, name: str = AS_SHIPPED, count: int = 1) -> Iterator[Server]:
    """`isomod serve`, `count` times, or the variant of this name."""
    environment = {
        "ISOMOD_DATA_DIR": str(stand.folder.resolve()),
        "ISOMOD_POINTS_PER_MINUTE": str(POINTS),
        "ISOMOD_POOL_SIZE": "8",
    }
    switch = _SWITCHES.get(name)
    command = (
        [isomod(), "serve"] if switch is None else [sys.executable, "-m", "benchmarks.launching", switch]
    )
    with ExitStack() as stack:
        processes = []
        for _ in range(count):
            started = stack.enter_context(process([*command, "--port", "0"], environment))
            processes.append(Process(f"{told_ready(started)}/graphql", started.pid))
        yield Server(name, PRODUCT, tuple(processes), stand.database_pid, stand.tokens[role])
