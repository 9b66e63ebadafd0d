"""The Dockerfile and .dockerignore as values; refuses an instruction that the image check would not carry out."""

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

BASE = "python:3.11-slim-bookworm"
CARRIED_OUT = {"RUN", "COPY", "WORKDIR", "ENV", "USER"}
DESCRIBING = {"EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD"}


class UnknownInstruction(Exception):
    """The Dockerfile says something that the check cannot do; the check would prove less than it claims."""


@dataclass(frozen=True)
class Step:
    word: str
    rest: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.rest)

    @property
    def command(self) -> list[str]:
        """The JSON array of CMD, or of the CMD inside HEALTHCHECK."""
        found: list[str] = json.loads(self.rest[self.rest.index("[") :])
        return found


@dataclass(frozen=True)
class Stage:
    name: str
    steps: list[Step] = field(default_factory=list)

    def last(self, word: str) -> Step:
        return [step for step in self.steps if step.word == word][-1]

    @property
    def environment(self) -> dict[str, str]:
        pairs = [pair for step in self.steps if step.word == "ENV" for pair in step.words]
        return dict(pair.split("=", 1) for pair in pairs)


def stages(text: str) -> list[Stage]:
    """Raises UnknownInstruction for another base image, an unknown word, or an option that is not carried out."""
    found: list[Stage] = []
    for line in re.sub(r"\\\n", " ", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        if word == "FROM":
            image, *name = rest.split(" AS ")
            if image != BASE:
                raise UnknownInstruction(line)
            found.append(Stage(name[0] if name else "final"))
        elif word in CARRIED_OUT | DESCRIBING:
            step = Step(word, rest.strip())
            options = [w for w in step.words if w.startswith("--")] if word == "COPY" else []
            if any(not option.startswith("--from=") for option in options) or (
                word == "RUN" and rest.startswith("-")
            ):
                raise UnknownInstruction(line)
            found[-1].steps.append(step)
        else:
            raise UnknownInstruction(line)
    return found


def pattern(rule: str) -> re.Pattern[str]:
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", rule.strip("/"))
    return re.compile("".join(parts.get(piece, re.escape(piece)) for piece in pieces))


def ignored(path: str, rules: Sequence[str]) -> bool:
    """As the builder decides: the last rule wins that names the path or a folder above it."""
    above = [path, *(parent.as_posix() for parent in PurePosixPath(path).parents)]
    verdict = False
    for rule in rules:
        if not rule.strip() or rule.startswith("#"):
            continue
        matcher = pattern(rule.removeprefix("!"))
        if any(matcher.fullmatch(name) for name in above):
            verdict = not rule.startswith("!")
    return verdict
