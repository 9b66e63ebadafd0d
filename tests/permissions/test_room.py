"""The policy room stands alone: it imports the standard library and itself, reads nothing, opens nothing."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import permissions
from permissions.policy_version import POLICY_VERSION

ROOM = Path(permissions.__file__).parent
ALLOWED_ELSEWHERE = {"classes.py": {"strawberry", "graphql"}}
DOORS = {
    "os",
    "io",
    "pathlib",
    "socket",
    "asyncio",
    "sqlite3",
    "subprocess",
    "urllib",
    "http",
    "random",
    "time",
}


def imported(source: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(source)))
    plain = {
        alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    named = {node.module.split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return plain | named


def strangers(source: str) -> set[str]:
    return {
        name for name in imported(source) if name != "permissions" and name not in sys.stdlib_module_names
    }


def test_only_the_class_module_imports_a_library() -> None:
    found = {path.name: strangers(path.read_text()) for path in ROOM.glob("*.py")}

    assert {name: names - ALLOWED_ELSEWHERE.get(name, set()) for name, names in found.items()} == {
        name: set() for name in found
    }


def test_no_module_opens_a_door_to_the_outside() -> None:
    found = {path.name: imported(path.read_text()) & DOORS for path in ROOM.glob("*.py")}

    assert found == {name: set() for name in found}


def test_a_library_would_be_noticed() -> None:
    assert strangers("import json\nimport sqlalchemy.orm\nfrom permissions import grants") == {"sqlalchemy"}


def test_the_version_does_not_depend_on_the_hash_seed() -> None:
    command = [sys.executable, "-c", "from permissions.policy_version import POLICY_VERSION as v; print(v)"]
    seen = {
        subprocess.run(
            command,
            cwd=ROOM.parent,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert seen == {POLICY_VERSION}
