"""Two answers to one request: what is not the same of them, byte by byte. What a change makes anew has another random id in each, and nothing else may differ."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from tests.proofs.house import Got

RANDOM: Final = re.compile(r"[A-Za-z0-9_=-]{40,}")
"""Ids, cursors and secrets, by their look."""


@dataclass
class Renamed:
    """Which random text of the one answer stands for which of the other."""

    known: frozenset[str]
    """Ids that both had before."""
    there: dict[str, str] = field(default_factory=dict)
    back: dict[str, str] = field(default_factory=dict)

    def same(self, one: Any, other: Any) -> bool:  # noqa: ANN401  JSON
        """Whether they are one answer under two names."""
        if isinstance(one, dict) and isinstance(other, dict):
            return list(one) == list(other) and all(self.same(one[key], other[key]) for key in one)
        if isinstance(one, list) and isinstance(other, list):
            return len(one) == len(other) and all(map(self.same, one, other))
        if one == other:
            return type(one) is type(other)
        return isinstance(one, str) and isinstance(other, str) and self._made_anew(one, other)

    def _made_anew(self, one: str, other: str) -> bool:
        alike = len(one) == len(other) and RANDOM.fullmatch(one) and RANDOM.fullmatch(other)
        if not alike or one in self.known or other in self.known:
            return False
        return self.there.setdefault(one, other) == other and self.back.setdefault(other, one) == one


def broken_off(got: Got) -> bool:
    """A field that may not be null failed: what stands beside it was ended wherever it was, which differs from run to run."""
    if b"json;" not in dict(got.headers)[b"content-type"]:
        return False  # An export.
    read = orjson.loads(got.body)
    return read.get("data") is None and any("path" in error for error in read.get("errors", ()))


def different(one: Got, other: Got, *, changes: bool, known: frozenset[str]) -> list[str]:
    """By which parts the two can be told apart."""
    parts = {
        "status": one.status == other.status,
        "headers": one.headers == other.headers,
        "statements": one.statements == other.statements or (broken_off(one) and broken_off(other)),
        "size": len(one.body) == len(other.body),
        "body": one.body == other.body,
    }
    if not parts["body"] and changes and parts["size"]:
        parts["body"] = Renamed(known).same(orjson.loads(one.body), orjson.loads(other.body))
    return [name for name, same in parts.items() if not same]
