"""Requests are sent and counted without `wrk` too, and a server that fails is not measured."""

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from benchmarks.agreement import Asked
from benchmarks.pressure import generator, measure
from benchmarks.servers import Process, Server
from benchmarks.workloads import WrongAnswer

REPLY = b'{"data": {"viewer": {"id": "x"}}}'


class _Handler(BaseHTTPRequestHandler):
    """Answers everything; /broken with an error."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("content-length", str(len(REPLY)))
        self.end_headers()
        self.wfile.write(REPLY)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a server, on a machine without wrk."""
    monkeypatch.setenv("PATH", "")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def served(url: str, count: int = 1) -> Server:
    return Server("one", "product", tuple(Process(url, os.getpid()) for _ in range(count)), os.getpid())


def test_threads_send_the_requests_where_wrk_is_missing(address: str) -> None:
    sample = measure(served(f"{address}/graphql", 2), Asked(["{}"], len(REPLY)), 0.2, connections=2)

    assert generator().startswith("threads")
    assert sample.rps > 0
    assert sample.p50_ms <= sample.p99_ms


def test_a_server_that_fails_is_not_measured(address: str) -> None:
    with pytest.raises(WrongAnswer, match="errors"):
        measure(served(f"{address}/broken"), Asked(["{}"], len(REPLY)), 0.1, connections=1)


def test_replies_shorter_than_the_checked_ones_are_not_measured(address: str) -> None:
    with pytest.raises(WrongAnswer, match="shorter"):
        measure(served(f"{address}/graphql"), Asked(["{}"], 2 * len(REPLY)), 0.1, connections=1)


def test_an_answer_is_read_before_it_is_believed(address: str) -> None:
    assert served(f"{address}/graphql").ask("{}") == ({"viewer": {"id": "x"}}, len(REPLY))
    with pytest.raises(WrongAnswer, match="HTTP 500"):
        served(f"{address}/broken").ask("{}")
