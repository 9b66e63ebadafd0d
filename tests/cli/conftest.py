"""The demo as a process of its own in a temporary folder, started once for all tests that look at it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

PROGRAM = [sys.executable, "-c", "from isomod_graphql.cli import main; main()"]


def isomod(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A verb that ends by itself, without a terminal."""
    return subprocess.run(
        [*PROGRAM, *words],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@dataclass
class Demo:
    """A running demo."""

    folder: Path
    process: subprocess.Popen[str]
    url: str

    @classmethod
    def start(cls, folder: Path) -> "Demo":
        """Waits for the line that says ready. Fails when the demo ends before."""
        words = ["demo", "--port", "0", "--data", str(folder), "--no-browser"]
        process = subprocess.Popen(
            [*PROGRAM, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        word, _, url = process.stdout.readline().strip().partition(" ")
        assert word == "ready", process.poll()
        return cls(folder, process, url)

    @property
    def told(self) -> dict[str, Any]:
        """What demo.json says."""
        found: dict[str, Any] = json.loads((self.folder / "demo.json").read_text(encoding="utf-8"))
        return found

    def ask(self, query: str, token: str) -> dict[str, Any]:
        """The answer to a query with a bearer token."""
        headers = {"Authorization": f"Bearer {token}"}
        with httpx2.Client(trust_env=False) as client:
            answer = client.post(f"{self.url}/graphql", json={"query": query}, headers=headers, timeout=30)
        found: dict[str, Any] = answer.json()
        return found

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=60)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def servers(self) -> list[int]:
        """The database servers that run on the demo's folder."""
        found = []
        for status in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = status.read_bytes()
            except OSError:
                continue
            if b"postgres" in command and os.fsencode(self.folder) in command:
                found.append(int(status.parent.name))
        return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Started once; stopped when the module ends."""
    demo = Demo.start(tmp_path_factory.mktemp("demo"))
    yield demo
    if demo.process.poll() is None:
        demo.stop()
