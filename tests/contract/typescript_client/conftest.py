"""The TypeScript client, installed from its lock, type-checked and compiled once per run; skips where there is no Node."""

import fcntl
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from isomod_graphql.web.console_build import Node, node_of_wheel, node_on_path
from tests.architecture.sources import ROOT
from tests.engine.proving import proof

__all__ = ["proof"]

CLIENT = ROOT / "clients" / "typescript"


@dataclass(frozen=True)
class Compiled:
    """The client with its packages, compiled into `build`."""

    node: Node

    def run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Node with these arguments, in the client's folder."""
        command = [str(self.node.folder / "node"), *arguments]
        return subprocess.run(
            command, cwd=CLIENT, capture_output=True, text=True, check=False, input=given, timeout=120
        )


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """Two workers do not install into one folder at once."""
    node = node_on_path() or node_of_wheel()
    if node is None:
        pytest.skip("no Node: neither on the machine nor from the development lock")
    with (tmp_path_factory.getbasetemp().parent / "typescript-client").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(node)
        client = Compiled(node)
        checked = client.run("node_modules/typescript/bin/tsc", "-p", "tsconfig.json")
    assert (checked.returncode, checked.stdout) == (0, "")
    return client


def _install(node: Node) -> None:
    """What was installed from this lock stays."""
    installed, lock = CLIENT / "node_modules" / ".package-lock.json", CLIENT / "package-lock.json"
    if installed.is_file() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    command = [*node.npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    environment = node.environment(os.environ)
    done = subprocess.run(command, cwd=CLIENT, env=environment, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("the client's packages cannot be installed here")
    Path(installed).touch()
