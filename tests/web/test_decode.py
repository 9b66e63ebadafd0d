"""Decoding a request accepts JSON that every part behind it can hold, and refuses the rest with one of four codes."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isomod_graphql.core.errors import IsoModError
from isomod_graphql.web import decode
from isomod_graphql.web.decode import decode_json, parameters_of_body, parameters_of_query
from isomod_graphql.web.refusals import BadRequest, BadValue, BatchRefused, BodyTooLarge

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**300), 10**300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


def nested(depth: int) -> bytes:
    return b'{"variables":{"a":' + b"[" * depth + b"]" * depth + b"}}"


@given(st.dictionaries(TEXT, JSON, max_size=3))
def test_ordinary_json_comes_through_unchanged(value: dict[str, Any]) -> None:
    assert decode_json(json.dumps(value).encode()) == value


PIECES = st.sampled_from(
    ['{"a":1}', '{"a":1,"a":2}', '{"\\u0061":1,"a":2}', '"\\""', '"\\\\"', '"\\\\\\""', '"\\u0000"', '"\\ud800"', '"é"', "-0", "1e2", "1.0",
     "99999999999999999999", "9007199254740993", "NaN", "[[]]", "{}", '"[{,:"', "true", "null", "tru", "", ","]
)  # fmt: skip


@given(st.lists(PIECES, max_size=5))
def test_the_quick_reader_never_differs_from_the_wary_one(pieces: list[str]) -> None:
    body = ("{" + ",".join(f'"{at}":{piece}' for at, piece in enumerate(pieces)) + "}").encode()

    def read(reader: Callable[[bytes], object]) -> tuple[str, str]:
        try:
            return "read", repr(reader(body))
        except IsoModError as refusal:
            return refusal.code, refusal.message

    assert read(decode._read) == read(decode._read_warily)


def test_values_are_counted_alike_by_both_readers() -> None:
    most = {"query": "{a}", "variables": {"a": [0] * (decode.VALUES - 7)}}
    over = {"query": "{a}", "variables": {"a": [0] * (decode.VALUES - 6)}}

    assert decode_json(json.dumps(most).encode()) == most
    with pytest.raises(BadValue):
        decode_json(json.dumps(over).encode())


@pytest.mark.parametrize(
    ("begin", "again", "end"),
    [
        (b'{"query":"{a}","variables":{"a":[', b"[],", b"[]]}}"),
        (b'{"query":"{a}","variables":{"a":[', b"[],", b""),
        (b'{"query":"{a}","variables":{', b'"a":1,', b'"b":1}}'),
        (b"", b"[", b""),
        (b"", b'{"a":', b""),
        (b'{"query":"', b'\\"', b""),
        (b'{"query":"', b"\\\\", b'"} x'),
        (b'{"a":', b"9", b"}"),
        (b"", b" ", b"{}"),
    ],
)
def test_a_hostile_body_costs_time_in_proportion_to_its_length(
    begin: bytes, again: bytes, end: bytes
) -> None:
    body = begin + again * ((1 << 20) // len(again) - 20) + end
    started = time.process_time()

    with pytest.raises(IsoModError):
        parameters_of_body(body)

    assert time.process_time() - started < 0.5  # All take less than 0.06 s; what is not linear takes minutes.


@given(st.binary(max_size=60))
def test_any_bytes_are_an_object_or_a_refusal(body: bytes) -> None:
    try:
        code = "" if isinstance(decode_json(body), dict) else "NO_OBJECT"
    except IsoModError as refusal:
        code = refusal.code

    assert code in {"", "BAD_REQUEST", "BAD_USER_INPUT", "BATCHING_NOT_SUPPORTED"}


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"", BadRequest),
        (b"{", BadRequest),
        (b"null", BadRequest),
        (b'"query"', BadRequest),
        (b"7", BadRequest),
        (b"[]", BatchRefused),
        (b'[{"query":"{a}"}]', BatchRefused),
        (b"\xff\xfe{}", BadRequest),
        (b"\xef\xbb\xbf{}", BadRequest),
        ('{"query":"é"}'.encode("latin-1"), BadRequest),
        ('{"query":"a"}'.encode("utf-16"), BadRequest),
        (b'{"a":NaN}', BadRequest),
        (b'{"a":Infinity}', BadRequest),
        (b'{"a":-Infinity}', BadRequest),
        (b'{"a":1e999}', BadValue),
        (b'{"a":' + b"9" * 401 + b"}", BadValue),
        (b'{"a":' + b"9" * 5_000 + b"}", BadValue),
        (b'{"a":0.' + b"9" * 5_000 + b"}", BadValue),
        (b'{"a":1,"a":2}', BadRequest),
        (b'{"a":{"b":1,"b":1}}', BadRequest),
        (b'{"a":"\\u0000"}', BadValue),
        (b'{"\\u0000":1}', BadValue),
        (b'{"a":"\x00"}', BadRequest),
        (b'{"a":["\\ud800"]}', BadValue),
        (b'{"a":{"\\udfff":1}}', BadValue),
        (b"{} {}", BadRequest),
        (b"[" * 100_000, BadValue),
        (b'{"a":' * 100_000, BadValue),
        (nested(32), BadValue),
        (b'{"a":"' + b" " * (1 << 20) + b'"}', BodyTooLarge),
    ],
)
def test_a_body_that_something_behind_cannot_hold_is_refused(body: bytes, refusal: type[IsoModError]) -> None:
    with pytest.raises(refusal) as caught:
        decode_json(body)

    assert caught.type is refusal
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "body",
    [nested(31), b'{"a":' + b"9" * 400 + b"}", b'{"a":"\\ud83d\\ude00"}', b'{"a":[]}'],
)
def test_a_body_at_the_limit_is_accepted(body: bytes) -> None:
    assert decode_json(body) == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        {"notquery": "{a}"},
        {"query": None},
        {"query": 7},
        {"query": ["{a}"]},
        {"query": "{a}", "operationName": 7},
        {"query": "{a}", "variables": "x"},
        {"query": "{a}", "variables": []},
        {"query": "{a}", "variables": 0},
        {"query": "{a}", "extensions": False},
        {"query": "{a}", "documentId": 1},
    ],
)
def test_a_parameter_of_the_wrong_kind_is_refused(body: object) -> None:
    with pytest.raises(BadRequest):
        parameters_of_body(json.dumps(body).encode())


def test_null_parameters_are_absent_and_a_repr_shows_no_value() -> None:
    body = {"query": "{a}", "operationName": None, "variables": None, "extensions": None}

    parameters = parameters_of_body(json.dumps(body).encode())

    assert (parameters.operation_name, parameters.variables, parameters.extensions) == (None, {}, {})
    assert repr(parameters) == "Parameters(...)"


def test_a_query_string_holds_json_for_variables_and_each_name_once() -> None:
    parameters = parameters_of_query(b"query=%7Ba%7D&variables=%7B%22n%22%3A1%7D&operationName=&other=1")

    assert (parameters.query, parameters.variables, parameters.operation_name) == ("{a}", {"n": 1}, None)


@pytest.mark.parametrize(
    "query",
    [b"", b"query=%7Ba%7D&query=%7Bb%7D", b"query=%FF", b"query=a&variables=%5B1%5D", b"\xff", b"a=1&" * 30],
)
def test_a_query_string_that_cannot_be_read_is_refused(query: bytes) -> None:
    with pytest.raises(BadRequest):
        parameters_of_query(query)
