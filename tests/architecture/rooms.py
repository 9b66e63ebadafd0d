"""The rooms of the house, by name; a new one is a decision, so it is written here first."""

from collections.abc import Iterable
from pathlib import PurePosixPath

TOP = frozenset(
    {
        ".ci",
        "benchmarks",
        "clients",
        "docs",
        "isomod_graphql",
        "migrations",
        "permissions",
        "schema",
        "tests",
    },
)
PRODUCT = frozenset(
    {
        *("core", "engine", "subjects", "audit", "files"),
        *("organisations", "identity", "notifications", "locations", "assets", "suppliers", "competence"),
        *("calibration", "parts", "work_orders", "service_requests", "maintenance", "quality"),
        *("privacy", "analytics", "partners", "jobs", "web", "cli"),
    },
)


def strange(paths: Iterable[str], *, under: str, known: frozenset[str]) -> set[str]:
    """Folders directly below `under` ("" is the top) that hold a file and are not known."""
    depth = len(PurePosixPath(under).parts)
    inside = [PurePosixPath(path) for path in paths if path.startswith(under)]
    return {path.parts[depth] for path in inside if len(path.parts) > depth + 1} - known
