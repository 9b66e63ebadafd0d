"""Roads to a value that the product does not have, and by which words one would be known in the graph or among the addresses. It judges no access."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from graphql import GraphQLSchema

ROADS: Final[Mapping[str, str]] = {
    "saved views": "saved dashboard dashboards bookmark bookmarks",
    "import": "import imports upsert bulk",
    "deferred parts": "defer stream",
    "webhooks": "webhook webhooks",
    "scheduled reports": "report reports thumbnail thumbnails snapshot snapshots",
    "files": "attachment attachments upload uploads photo photos picture pictures files",
}
"""By road: the words of one."""

NOT_MEANT: Final = frozenset({"totalCount"})
"""How many rows a list has for the viewer: no more than its pages tell."""


def names_of(schema: GraphQLSchema) -> Iterator[str]:
    """Every word that a client can write, under the type on which it stands."""
    yield from (f"@{one.name}" for one in schema.directives)
    for kind in schema.type_map.values():
        if not kind.name.startswith("__"):
            yield kind.name
            members: Mapping[str, Any] = getattr(kind, "fields", None) or getattr(kind, "values", None) or {}
            for name, member in members.items():
                yield f"{kind.name}.{name}"
                yield from (f"{kind.name}.{name}({key}:)" for key in getattr(member, "args", None) or {})


def found(road: str, names: Iterable[str]) -> list[str]:
    """Where a road shows, among coordinates, paths and verbs."""
    words = set(ROADS[road].split())
    return [name for name in names if _last(name) not in NOT_MEANT and words & set(_words(_last(name)))]


def _last(name: str) -> str:
    """`key` of `Type.field(key:)`, `field` of `Type.field`; a path as a whole."""
    return re.split(r"[.(]", name.rstrip(":)"))[-1]


def _words(name: str) -> list[str]:
    """`totalCount`, `TOTAL_COUNT` and `/total/count` are total and count."""
    return [one.lower() for one in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
