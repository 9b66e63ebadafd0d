"""The repository's own files as the architecture tests see them; reads what git knows or would take, nothing else."""

import ast
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REASON = "# reason: "
"""A line with this comment and a sentence of at least three words is an exception that says why."""


@dataclass(frozen=True)
class Source:
    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def within(self, *folders: str) -> bool:
        """A folder ends with a slash; anything else is the opening of a path."""
        return self.path.startswith(folders)

    def excused(self, line: int) -> bool:
        _, found, why = self.lines[line - 1].partition(REASON)
        return bool(found) and len(why.split()) >= 3


def tracked(root: Path = ROOT) -> Iterator[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in sorted(set(listing.stdout.split("\0")) - {""}):
        if (root / name).is_file():
            yield Path(name)


def python_sources() -> Sequence[Source]:
    return [
        Source(path.as_posix(), (ROOT / path).read_text(encoding="utf-8"))
        for path in tracked()
        if path.suffix == ".py"
    ]


def text_sources() -> Sequence[Source]:
    """Every file that is text, whatever its kind."""
    found = []
    for path in tracked():
        try:
            found.append(Source(path.as_posix(), (ROOT / path).read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found
