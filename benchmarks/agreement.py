"""Whether a server reads the same rows as the hand-written SQL. It refuses to let anything be timed that reads others."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from benchmarks.documents import document
from benchmarks.servers import Server, body
from benchmarks.workloads import PAGE, WrongAnswer

POOL: Final = 200
"""Pages, and work orders, to be asked for in random order."""

NESTED_ORDERS: Final = 10 * 10 * 5


@dataclass(frozen=True, slots=True)
class Asked:
    """The bodies of a workload, and the mean size in bytes of a checked reply."""

    bodies: Sequence[str]
    size: float


@dataclass(slots=True)
class Truth:
    """The rows of the hand-written SQL, by number; where a number is an id, as there, unread ones are looked up."""

    server: Server
    rows: dict[int, str] = field(default_factory=dict)

    def row(self, number: int) -> str:
        """As text to compare."""
        if number not in self.rows:
            data, _ = self.server.ask(body(document(self.server.dialect, "detail"), {"id": number}))
            self.rows[number] = canonical(data["workOrder"])
        return self.rows[number]


def nodes(connection: Any) -> list[dict[str, Any]]:  # noqa: ANN401  any JSON
    """The rows of a connection: a plain list, {nodes} or {edges{node}}."""
    if isinstance(connection, list):
        return connection
    if "nodes" in connection:
        return list(connection["nodes"])
    return [edge["node"] for edge in connection["edges"]]


def canonical(row: Mapping[str, Any] | None) -> str:
    """A row as text to compare: ids may be of any form, times may be in any zone."""

    def plain(key: str, value: Any) -> Any:  # noqa: ANN401  any JSON
        if isinstance(value, Mapping):
            return {name: plain(name, inner) for name, inner in value.items()}
        if key == "id":
            return value is not None
        if key.endswith("At") and value is not None:
            return datetime.fromisoformat(value).timestamp()
        return value

    return json.dumps(plain("", row), sort_keys=True)


def agree(server: Server, truth: Truth | None, pages: int | None) -> dict[str, Asked]:
    """What to ask the server for each workload, once the first pages (None: all), 200 orders and the nested read agree.

    Without a truth, for a reader who is shown masks, the rows are only counted. Raises WrongAnswer.
    """
    draw = random.Random(1)  # noqa: S311  an order, not a secret
    read: list[tuple[str, int]] = []
    numbers: dict[Any, int] = {}
    for text, rows, size in _pages(server, pages):
        for row in rows:
            _same(server, row, truth)
            numbers[row["id"]] = row["number"]
        read.append((text, size))
    if len(set(numbers.values())) != len(read) * PAGE:
        raise WrongAnswer(f"{server.name}: {len(numbers)} different work orders on {len(read)} pages")
    nested = body(document(server.dialect, "nested"), {})
    data, size = server.ask(nested)
    _same_nested(server, nodes(data["locations"]), truth)
    # Not the last page: whoever asks for more rows after the same cursor is to find them.
    cursors = read[:-1]
    return {
        "list": _drawn(draw.sample(cursors, min(POOL, len(cursors)))),
        "detail": _drawn(_details(server, truth, numbers, draw.sample(list(numbers), POOL))),
        "nested": _drawn([(nested, size)]),
    }


def _drawn(read: Sequence[tuple[str, int]]) -> Asked:
    return Asked([text for text, _ in read], sum(size for _, size in read) / len(read))


def _pages(server: Server, pages: int | None) -> Iterator[tuple[str, list[dict[str, Any]], int]]:
    """Follows the cursors."""
    listed, after, more, read = document(server.dialect, "list"), None, True, 0
    while more and read != pages:
        text = body(listed, {"after": after, "first": PAGE})
        data, size = server.ask(text)
        rows = nodes(data["workOrders"])
        if len(rows) != PAGE:
            raise WrongAnswer(f"{server.name}: a page of {len(rows)} work orders, not {PAGE}")
        yield text, rows, size
        read += 1
        after, more = (data["workOrders"]["pageInfo"][key] for key in ("endCursor", "hasNextPage"))


def _details(
    server: Server, truth: Truth | None, numbers: Mapping[Any, int], ids: Sequence[Any]
) -> list[tuple[str, int]]:
    read = []
    for one in ids:
        text = body(document(server.dialect, "detail"), {"id": one})
        data, size = server.ask(text)
        _same(server, data["workOrder"], truth)
        if data["workOrder"]["number"] != numbers[one]:
            raise WrongAnswer(f"{server.name}: another work order than the one asked for")
        read.append((text, size))
    return read


def _same(server: Server, row: Mapping[str, Any] | None, truth: Truth | None) -> None:
    got = canonical(row)
    if truth is None:
        return
    if row is not None and server is truth.server:
        truth.rows[row["number"]] = got
    if row is None or got != truth.row(row["number"]):
        raise WrongAnswer(f"{server.name} returns other data than {truth.server.name}: {got}")


def _same_nested(server: Server, locations: Sequence[Mapping[str, Any]], truth: Truth | None) -> None:
    seen = set()
    for location in locations:
        for asset in nodes(location["assets"]):
            for order in nodes(asset["workOrders"]):
                seen.add(order["number"])
                if truth is None:
                    continue
                want = json.loads(truth.row(order["number"]))
                got = [location["name"], asset["name"], order["title"], order["assignee"]["name"]]
                names = [want["asset"]["location"]["name"], want["asset"]["name"], want["title"]]
                if got != [*names, want["assignee"]["name"]]:
                    raise WrongAnswer(f"{server.name}: other nested data than {truth.server.name}: {got}")
    if len(seen) != NESTED_ORDERS:
        raise WrongAnswer(f"{server.name}: {len(seen)} nested work orders, not {NESTED_ORDERS}")
