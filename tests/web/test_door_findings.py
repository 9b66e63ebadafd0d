"""One test for each way in which an ordinary GraphQL server of today goes wrong and this door does not."""

import asyncio
import json
import logging
from typing import Any

import pytest
from starlette.types import Message
from structlog.testing import capture_logs

from isomod_graphql.core.errors import ServiceUnavailable
from isomod_graphql.web.exchange import Rendered
from tests.web.toy import RESPONSE_JSON, RULES, SCHEMA, TOKEN, Door, code_of


@pytest.fixture
def door() -> Door:
    return Door()


def doubling_chain(links: int) -> str:
    chain = " ".join(f"fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }}" for i in range(links))
    return f"{{ ...f0 }} {chain} fragment f{links} on Query {{ hello }}"


async def test_01_a_short_document_that_expands_without_end_is_refused_before_validation(door: Door) -> None:
    response = await door.post({"query": doubling_chain(40)})

    assert code_of(response) == "QUERY_TOO_LARGE"
    assert door.endpoint.documents.checks == 0
    assert door.executor.requests == []


async def test_02_a_client_that_lists_an_event_stream_last_gets_json(door: Door) -> None:
    urql = "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"

    response = await door.post({"query": "{ hello }"}, accept=urql)

    assert response.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
    assert response.json() == {"data": {"hello": "hello you"}}


async def test_02_a_client_that_wants_only_an_event_stream_gets_one_answer_and_its_end(door: Door) -> None:
    response = await door.post({"query": "{ hello }"}, accept="text/event-stream")

    assert (response.status_code, response.headers["content-type"]) == (
        200,
        "text/event-stream; charset=utf-8",
    )
    assert (
        response.content == b'event: next\ndata: {"data":{"hello":"hello you"}}\n\nevent: complete\ndata:\n\n'
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"query":"{hello}","variables":{"a":' + b"[" * 100_000, "BAD_USER_INPUT"),
        (b'{"query":"{hello}","variables":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}", "BAD_USER_INPUT"),
        (b'{"query":"{hello}","variables":{"a":' + b"9" * 5_000 + b"}}", "BAD_USER_INPUT"),
        (b'{"query":"{hello}","variables":{"a":NaN}}', "BAD_REQUEST"),
        (b'{"query":"{hello}","variables":{"a":-Infinity}}', "BAD_REQUEST"),
    ],
)
async def test_03_json_that_breaks_a_parser_is_a_plain_refusal(door: Door, body: bytes, code: str) -> None:
    response = await door.raw(body)

    assert (response.status_code, code_of(response)) == (400, code)


async def test_04_two_operations_without_a_name_are_not_run(door: Door) -> None:
    response = await door.post({"query": "query a { hello } query b { hello }"})

    assert (response.status_code, code_of(response)) == (400, "OPERATION_AMBIGUOUS")
    assert door.executor.requests == []


async def test_04_an_empty_selection_is_refused(door: Door) -> None:
    response = await door.post({"query": "{ order { } }"})

    assert code_of(response) == "GRAPHQL_PARSE_FAILED"


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
async def test_05_text_that_postgresql_cannot_store_does_not_get_in(door: Door, text: str) -> None:
    query = "query($n: String!) { hello(name: $n) }"

    in_variable = await door.raw(json.dumps({"query": query, "variables": {"n": text}}).encode())
    in_literal = await door.raw(json.dumps({"query": f'{{ hello(name: "{text}") }}'}).encode())

    assert code_of(in_variable) == "BAD_USER_INPUT"
    assert code_of(in_literal) == "BAD_USER_INPUT"
    assert door.executor.requests == []


async def test_06_the_text_of_an_exception_reaches_neither_the_caller_nor_the_log(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    with capture_logs() as logs:
        response = await door.post({"query": '{ boom hello(name: "ada@example.org") }'})

    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["path"] == ["boom"]
    assert response.json()["data"] == {"boom": None, "hello": "hello ada@example.org"}
    (entry,) = [entry for entry in logs if entry["event"] == "graphql.error"]
    assert entry["error_id"] == error["extensions"]["errorId"]
    assert entry["kinds"] == ["builtins.RuntimeError"]
    said = response.text.replace("hello ada@example.org", "") + str(logs) + caplog.text
    assert "hunter2" not in said
    assert "ada@" not in said


async def test_06_a_schema_run_by_strawberry_itself_writes_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    result = await SCHEMA.execute('{ boom hello(name: "ada@example.org") }')

    assert result.errors is not None
    assert [record for record in caplog.records if record.name.startswith("strawberry")] == []


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ('{ hello(nam: "hunter2") }', {}),
        ("{ hunter2 }", {}),
        ("{ hello(name: {hunter2: 1}) }", {}),
        ("query($n: Int!) { orders(first: $n) { id } }", {"n": "hunter2"}),
        ("query($hunter2: Hunter2) { hello }", {}),
        ("{ hunter2 hunter2(", {}),
    ],
)
async def test_06_no_error_repeats_what_was_sent(door: Door, query: str, variables: dict[str, Any]) -> None:
    response = await door.post({"query": query, "variables": variables})

    assert response.status_code == 400
    assert "hunter2" not in response.text.lower()
    assert "did you mean" not in response.text.lower()
    assert all(error["extensions"]["code"] for error in response.json()["errors"])


async def test_06_every_refusal_is_json_with_a_code(door: Door) -> None:
    put = await door.client.put("/graphql")
    form = await door.raw(b"query={hello}", content_type="application/x-www-form-urlencoded")
    host = await door.client.post("/graphql", headers={"host": "evil.example"})
    long = await door.raw(b" " * (1 << 20) + b"{}")

    assert (put.status_code, code_of(put), put.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", "GET, POST")
    assert (form.status_code, code_of(form)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert (host.status_code, code_of(host)) == (421, "HOST_UNKNOWN")
    assert (long.status_code, code_of(long)) == (413, "BODY_TOO_LARGE")


async def test_06_a_failure_of_the_executor_itself_is_hidden_and_a_refusal_of_ours_is_not(door: Door) -> None:
    door.executor.failure = ValueError("hunter2")
    bug = await door.post({"query": "{ hello }"})
    door.executor.failure = ServiceUnavailable()
    refusal = await door.post({"query": "{ hello }"})

    assert (bug.status_code, code_of(bug)) == (500, "INTERNAL_SERVER_ERROR")
    assert "hunter2" not in bug.text
    assert (refusal.status_code, code_of(refusal)) == (503, "SERVICE_UNAVAILABLE")


async def test_09_a_websocket_is_refused_before_it_opens(door: Door) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/graphql", "headers": [(b"sec-websocket-protocol", b"graphql-ws")]}
    await door.endpoint(scope, receive, send)

    assert [message["type"] for message in sent] == ["websocket.close"]


async def test_10_a_batch_is_refused_and_nothing_of_it_runs(door: Door) -> None:
    response = await door.post([{"query": "{ hello }"}, {"query": "{ hello }"}])

    assert (response.status_code, code_of(response)) == (400, "BATCHING_NOT_SUPPORTED")
    assert door.executor.requests == []


async def test_13_an_operation_that_takes_too_long_is_stopped() -> None:
    door = Door(rules=type(RULES)(timeout_s=0.05))

    response = await door.post({"query": "{ slow }"})

    assert (response.status_code, code_of(response)) == (503, "REQUEST_TIMEOUT")
    assert door.executor.stopped == 1


async def test_13_a_client_that_leaves_stops_the_work_and_gets_no_answer(door: Door) -> None:
    body = json.dumps({"query": "{ slow }"}).encode()
    sent: list[Message] = []
    messages: list[Message] = [{"type": "http.request", "body": body}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await door.executor.started.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {TOKEN}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers, "query_string": b""}
    async with asyncio.timeout(10):
        await door.endpoint(scope, receive, send)

    assert sent == []
    assert door.executor.stopped == 1


async def test_a_body_that_is_json_already_is_sent_as_it_is(door: Door) -> None:
    door.executor.reply = Rendered(b'{"data":{"hello":"raw"}}', headers={"ratelimit": '"gql";r=1;t=1'})

    response = await door.post({"query": "{ hello }"})

    assert response.content == b'{"data":{"hello":"raw"}}'
    assert response.headers["ratelimit"] == '"gql";r=1;t=1'
    assert response.headers["content-type"] == f"{RESPONSE_JSON}; charset=utf-8"
