"""`extensions.masking`: which coordinates were withheld, how, why and where. It never tells restriction, consent and erasure apart."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from isomod_graphql.engine.projection import Withheld
from permissions.decisions import Reason
from permissions.masks import SUPPRESSED_COUNT
from permissions.policy_version import POLICY_VERSION

SUPPRESSED = Withheld(SUPPRESSED_COUNT.name, Reason.PRIVACY)
"""Of a count that is too small to be told."""
MAX_BYTES = 8_192
_MOST = MAX_BYTES - len(b',"dryRun":true')
"""The list of an answer is that of its dry run, which says one word more."""
Seen = tuple[Any, str, Withheld | None]
Occurrence = tuple[tuple[int, ...], str, Withheld | None]
Finding = tuple[str, Withheld | None]
"""One occurrence of a path: its coordinate, and why it is withheld, if it is."""


def masking_of(seen: Sequence[Seen], data: object) -> dict[str, Any] | None:
    """The extension, None when nothing was withheld.

    One entry per (coordinate, path pattern, mask, reason). `rows` is "ALL" or the base64 of a bit set over the
    occurrences of the path in document order, first occurrence in the highest bit of the first byte. Occurrences are
    those that a client counts in `data`: the name of an asset stands beside the name of a person in one list of nodes.
    """
    if all(withheld is None for _, _, withheld in seen):
        return None
    patterns: dict[tuple[str, ...], list[Occurrence]] = {}
    for path, coordinate, withheld in seen:
        pattern, indices = _split(path.as_list())
        patterns.setdefault(pattern, []).append((indices, coordinate, withheld))
    return masking_of_findings(
        {
            pattern: [
                (coordinate, withheld)
                for _, coordinate, withheld in sorted(_beside(data, pattern, found), key=_order)
            ]
            for pattern, found in patterns.items()
        }
    )


def stands(data: Any, path: Any) -> bool:  # noqa: ANN401  an answer, and graphql-core's path
    """A field at this path was answered: nothing above it was given up because of an error."""
    for step in path.as_list():
        if data is None:
            return False
        data = data[step]
    return True


def masking_of_findings(findings: Mapping[tuple[str, ...], Sequence[Finding]]) -> dict[str, Any]:
    """The extension from all occurrences of each path, in document order."""
    return _bounded(
        [entry for pattern, found in sorted(findings.items()) for entry in _entries(pattern, found)]
    )


def foretold(masking: dict[str, Any] | None) -> dict[str, Any]:
    """The extension of a dry run: it is there when nothing would be withheld, too."""
    return (masking or {"policyVersion": POLICY_VERSION, "fields": []}) | {"dryRun": True}


def _beside(data: object, pattern: tuple[str, ...], found: list[Occurrence]) -> list[Occurrence]:
    """With the occurrences of the path that show nothing personal."""
    if any(withheld is not None for _, _, withheld in found):
        known = {indices for indices, _, _ in found}
        found += [(indices, "", None) for indices in _indices(data, pattern) if indices not in known]
    return found


def _indices(data: object, pattern: tuple[str, ...]) -> Iterator[tuple[int, ...]]:
    """Where a path stands in an answer."""
    if not pattern:
        yield ()
    elif isinstance(data, list) and pattern[0] == "*":
        for at, item in enumerate(data):
            yield from ((at, *inner) for inner in _indices(item, pattern[1:]))
    elif isinstance(data, dict) and pattern[0] in data:
        yield from _indices(data[pattern[0]], pattern[1:])


def _split(path: Iterable[str | int]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    steps = list(path)
    return tuple("*" if isinstance(step, int) else step for step in steps), tuple(
        step for step in steps if isinstance(step, int)
    )


def _order(item: Occurrence) -> tuple[int, ...]:
    return item[0]


def _entries(pattern: tuple[str, ...], found: Sequence[Finding]) -> list[dict[str, Any]]:
    # Rows that are shown alike share one finding, so that few of many are looked at.
    distinct = {id(one): one for one in found}
    kinds: dict[tuple[str, str, str], set[int]] = {}
    for mark, (coordinate, why) in distinct.items():
        if why is not None:
            kinds.setdefault((coordinate, why.mask, why.reason), set()).add(mark)
    return [
        {
            "coordinate": coordinate,
            "path": list(pattern),
            "mask": mask,
            "reason": reason,
            "rows": "ALL" if len(marks) == len(distinct) else _bitset([id(one) in marks for one in found]),
        }
        for (coordinate, mask, reason), marks in sorted(kinds.items())
    ]


def _bitset(bits: Sequence[bool]) -> str:
    size = (len(bits) + 7) // 8
    text = "".join("1" if bit else "0" for bit in bits).ljust(8 * size, "0")
    return b64encode(int(text, 2).to_bytes(size, "big")).decode("ascii")


def _bounded(fields: list[dict[str, Any]]) -> dict[str, Any]:
    """As many entries as fit; what is written to see that is no more than fits, however long the paths are."""
    masking: dict[str, Any] = {"policyVersion": POLICY_VERSION, "fields": []}
    if _fitting(masking, fields) == len(fields):
        return {**masking, "fields": fields}
    masking["truncated"] = True
    for entry in fields:
        if entry["rows"] != "ALL":
            entry["rows"] = "SOME"
    return {**masking, "fields": fields[: _fitting(masking, fields)]}


def _fitting(masking: Mapping[str, Any], fields: Sequence[Mapping[str, Any]]) -> int:
    left = _MOST - len(orjson.dumps(masking)) + len(",")
    for count, entry in enumerate(fields):
        left -= len(orjson.dumps(entry)) + len(",")
        if left < 0:
            return count
    return len(fields)
