"""From bytes to the parameters of a GraphQL request. It refuses what JSON, PostgreSQL or the stack cannot hold."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, NoReturn
from urllib.parse import parse_qsl

import orjson

from isomod_graphql.web.refusals import BadRequest, BadValue, BatchRefused, BodyTooLarge

BODY_BYTES = 1 << 20
DEPTH = 32
"""Nesting of variables and extensions; the request object itself is one level more."""
VALUES = 1_000
"""Names and values in variables and extensions together: what does not fit a type costs more than its share."""
LONG = 16 << 10
"""Bytes from which on a body is counted before it is read: what is read makes an object of every value."""
NUMBER_CHARACTERS = 400
"""The longest float in full is 327 characters; integers of more than 4,300 digits stop Python."""

NAMES = ("query", "operationName", "variables", "extensions", "documentId")


class Parameters(NamedTuple):
    """GraphQL over HTTP section 5.1, with `documentId` for trusted documents. Values are never shown."""

    query: str | None
    operation_name: str | None
    variables: Mapping[str, Any]
    extensions: Mapping[str, Any]
    document_id: str | None

    def __repr__(self) -> str:
        return "Parameters(...)"


def decode_json(body: bytes, most: int = BODY_BYTES) -> dict[str, Any]:
    """The object that a body holds. Raises BodyTooLarge, BadRequest, BatchRefused or BadValue, and nothing else."""
    if len(body) > most:
        raise BodyTooLarge
    value = _read(body)
    if isinstance(value, list):
        raise BatchRefused
    if not isinstance(value, dict):
        raise BadRequest("The body must be a JSON object.")
    return value


def parameters_of_body(body: bytes, most: int = BODY_BYTES) -> Parameters:
    return _parameters(decode_json(body, most))


def parameters_of_query(query: bytes, most: int = BODY_BYTES) -> Parameters:
    """`variables` and `extensions` are JSON inside the query string. A name given twice is refused."""
    if len(query) > most:
        raise BodyTooLarge
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError:
        raise BadRequest("The query string cannot be read.") from None
    found: dict[str, Any] = {}
    for name, text in pairs:
        if name not in NAMES:
            continue
        if name in found:
            raise BadRequest("A parameter is given twice.")
        found[name] = _read(text.encode()) if name in {"variables", "extensions"} and text else text or None
    return _parameters(found)


def _parameters(found: Mapping[str, Any]) -> Parameters:
    parameters = Parameters(
        query=_text(found, "query"),
        operation_name=_text(found, "operationName"),
        variables=_object(found, "variables"),
        extensions=_object(found, "extensions"),
        document_id=_text(found, "documentId"),
    )
    if parameters.query is None and parameters.document_id is None and not parameters.extensions:
        raise BadRequest("The request holds no query.")
    return parameters


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    if value is None or isinstance(value, str):
        return value
    raise BadRequest(f"{name} must be a string.")


def _object(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = found.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise BadRequest(f"{name} must be an object.")


def _read(body: bytes) -> object:
    """Ordinary JSON is read at once; whatever is doubtful about a text is left to the reader that knows each refusal."""
    if len(body) > LONG:
        _require_few(body)
    quotes = body.count(b'"')
    if b"\\" in body:
        if b"\\\\" in body or b"\\u0000" in body:
            return _read_warily(body)
        quotes -= body.count(b'\\"')
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _read_warily(body)
    # Every quotation mark that is not escaped opens or closes a text, and a name that was given twice is kept once.
    return value if _texts(value) * 2 == quotes else _read_warily(body)


def _require_few(body: bytes) -> None:
    """Every value after the first follows a comma or a bracket, and there are no more of them than names and values allow."""
    bare = _TEXT.sub(b"", body)
    if bare.count(b",") + bare.count(b"[") + bare.count(b"{") > 2 * VALUES:
        raise BadValue("The request holds too many values.")


def _texts(value: object) -> int:
    """How many texts there are, names included; -1 for what is too deep, too much, or a number that may not be exact."""
    level, depth, seen, texts = [value], 0, 1, 0
    while level:
        below: list[object] = []
        for holder in level:
            if isinstance(holder, dict):
                inside: Collection[object] = holder.values()
                texts += len(holder)
                seen += 2 * len(holder)
            elif isinstance(holder, list):
                inside = holder
                seen += len(holder)
            else:
                return -1
            if seen > VALUES or depth > DEPTH:
                return -1
            for item in inside:
                if isinstance(item, str):
                    texts += 1
                elif isinstance(item, dict | list):
                    below.append(item)
                elif isinstance(item, float):
                    return -1
        level, depth = below, depth + 1
    return texts


def _read_warily(body: bytes) -> object:
    """The errors of the library quote what they read, so none of them is kept as a cause.

    This reader is slow, so a body that can only be refused for what it holds does not reach it.
    """
    _require_few(body)
    try:
        value: object = _DECODER.decode(body.decode())
    except UnicodeDecodeError:
        raise BadRequest("The request must be UTF-8.") from None
    except RecursionError:
        raise BadValue("The request is nested too deeply.") from None
    except json.JSONDecodeError:
        raise BadRequest("The request is not valid JSON.") from None
    if b"\\u" in body or body.count(b"[") + body.count(b"{") > DEPTH or body.count(b",") > VALUES // 2:
        _check(value)
    return value


def _check(value: object) -> None:
    """Walks with a list of its own: texts that PostgreSQL stores, no deeper than DEPTH below the request, at most VALUES."""
    level, depth, seen = [value], 0, 0
    while level:
        seen += len(level)
        if seen > VALUES:
            raise BadValue("The request holds too many values.")
        below: list[object] = []
        for item in level:
            if isinstance(item, dict | list) and depth > DEPTH:
                raise BadValue("The request is nested too deeply.")
            if isinstance(item, dict):
                below += item.keys()
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str):
                _check_text(item)
        level, depth = below, depth + 1


def _check_text(text: str) -> None:
    if "\0" in text:
        raise BadValue("A text holds a NUL character.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadValue("A text holds half a surrogate pair.") from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 8259 section 4 leaves the meaning of a name given twice open; two readers could see two requests."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise BadRequest("A name is given twice in one object.")
    return members


def _integer(text: str) -> int:
    if len(text) > NUMBER_CHARACTERS:
        raise BadValue("A number is too long.")
    return int(text)


def _float(text: str) -> float:
    if len(text) > NUMBER_CHARACTERS:
        raise BadValue("A number is too long.")
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise BadValue("A number is too large.")
    return number


def _constant(_name: str) -> NoReturn:
    raise BadRequest("NaN and Infinity are not JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_float, parse_constant=_constant
)

_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""A text, or the beginning of one that does not end: nothing of the body is looked at twice."""
