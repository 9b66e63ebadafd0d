"""A subscriber over real HTTP, byte by byte: every frame is read as it came. It judges nothing."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.web.programs import changed, graph
from tests.web.serving import Served

EVENTS = {"Accept": "text/event-stream", "Content-Type": "application/json"}
READY, BEAT, COMPLETE = b": ready\n\n", b":\n\n", b"event: complete\ndata:\n\n"
NEXT = b"event: next\ndata: "


@dataclass
class Listener:
    """An open stream. `raw` is everything that came."""

    chunks: Iterator[bytes]
    headers: Mapping[str, str]
    raw: bytes = b""
    _read: int = field(default=0)

    def frame(self) -> bytes:
        """The next frame; nothing after the last one. Raises ReadTimeout when none comes."""
        while (end := self.raw.find(b"\n\n", self._read)) < 0:
            chunk = next(self.chunks, None)
            if chunk is None:
                return b""
            self.raw += chunk
        start, self._read = self._read, end + 2
        return self.raw[start : end + 2]

    def told(self) -> Any:  # noqa: ANN401  a JSON object
        """The next answer, whatever beats come before it."""
        while (frame := self.frame()) in {READY, BEAT}:
            pass
        assert frame.startswith(NEXT), frame
        return json.loads(frame.removeprefix(NEXT))

    def ended(self) -> str:
        """The code with which the stream ends: its last answer, then that it is complete, then nothing."""
        (error,) = self.told()["errors"]
        assert (self.frame(), self.frame()) == (COMPLETE, b"")
        return str(error["extensions"]["code"])

    @property
    def without_beats(self) -> bytes:
        return self.raw.replace(b"\n\n:\n\n", b"\n\n").replace(b"\n\n:\n\n", b"\n\n")


def subscribe(
    product: Served,
    query: str,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    **variables: object,
) -> Any:  # noqa: ANN401  a context with a streamed response
    """The request; the answer is read by whoever enters it."""
    sent = (
        {**EVENTS, "Authorization": f"Bearer {token or product.token}"} if headers is None else dict(headers)
    )
    body = json.dumps({"query": query, "variables": variables}).encode()
    return httpx2.stream("POST", f"{product.origin}/graphql", content=body, headers=sent, timeout=15)


@contextmanager
def listening(
    product: Served,
    query: str,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    **variables: object,
) -> Iterator[Listener]:
    """A stream of which nothing is missed from here on."""
    with subscribe(product, query, token, headers, **variables) as response:
        assert response.status_code == 200, response.read()
        listener = Listener(response.iter_raw(), response.headers)
        assert listener.frame() == READY
        yield listener


def refused(
    product: Served, query: str, token: str | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Status and code of a subscription that does not begin."""
    with subscribe(product, query, token, headers) as response:
        body = json.loads(response.read())
        return response.status_code, str(body["errors"][0]["extensions"]["code"])


def gid(product: Served, token: str) -> str:
    """The global id of whoever has this token."""
    found: str = graph(product, "{ viewer { id } }", token).json()["data"]["viewer"]["id"]
    return found


def site(product: Served, name: str = "Gent") -> str:
    """A new site."""
    made = changed(
        product,
        "mutation ($input: CreateLocationInput!) { createLocation(input: $input) { location { id } } }",
        name=name,
    )
    found: str = made["location"]["id"]
    return found


def order(product: Served, title: str, location: str, **given: object) -> str:
    """A new work order."""
    text = "mutation ($input: CreateWorkOrderInput!) { createWorkOrder(input: $input) { workOrder { id } userErrors { code field } } }"
    made = changed(product, text, title=title, locationId=location, **given)
    assert made["userErrors"] == []
    found: str = made["workOrder"]["id"]
    return found


def retitle(product: Served, work_order: str, title: str) -> None:
    """Changes the title."""
    text = (
        "mutation ($input: UpdateWorkOrderInput!) { updateWorkOrder(input: $input) { userErrors { code } } }"
    )
    assert changed(product, text, workOrderId=work_order, title=title) == {"userErrors": []}


def frame_of(answer: object) -> bytes:
    """An answer as it goes over the wire."""
    return NEXT + json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode() + b"\n\n"
