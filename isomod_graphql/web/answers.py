"""What a failure looks like to a caller and in the log. It refuses to show a value, a source text or a foreign message.

Every error has a code. What is not one of our own refusals becomes INTERNAL_SERVER_ERROR with an id; the log has the
kind of the exception and where it was raised under the same id, and no word of what it said.
"""

import traceback
import uuid
from collections.abc import Sequence
from typing import Any, Final

import orjson
import structlog
from graphql import FieldNode, GraphQLError

from isomod_graphql.core.errors import IsoModError
from isomod_graphql.web.documents import DocumentFaulty
from isomod_graphql.web.exchange import HttpStatus
from isomod_graphql.web.negotiation import Media
from isomod_graphql.web.refusals import OF_THE_DOCUMENT, STATUS, UNPROCESSABLE, DoorRefusal
from schema.limits.misfits import COORDINATE
from schema.limits.refusals import DocumentRefused, Place
from schema.limits.validation import Fault

log: Any = structlog.get_logger("isomod.graphql")

MOST_ERRORS: Final = 10
BAD_VARIABLE: Final = "A variable has a value that does not fit its type."
BAD_ARGUMENT: Final = "An argument has a value that does not fit its type."
INTERNAL: Final = "Something went wrong. The id finds it in our log."
DENIALS: Final = {
    "FORBIDDEN": "You may not do this.",
    "UNAUTHENTICATED": "Sign in to continue.",
}
"""Codes that a permission class may put on a GraphQLError of its own; its message is replaced."""

ErrorEntry = dict[str, Any]


def entry(message: str, code: str, places: Sequence[Place] = (), **extensions: str) -> ErrorEntry:
    """One member of `errors`, GraphQL specification section 7.1.2."""
    body: ErrorEntry = {"message": message}
    if places:
        body["locations"] = [{"line": place.line, "column": place.column} for place in places]
    body["extensions"] = {"code": code} | extensions
    return body


def entries_of_refusal(refusal: IsoModError) -> list[ErrorEntry]:
    """A request that was refused as a whole."""
    if isinstance(refusal, DocumentFaulty):
        return [entry(fault.message, refusal.code, fault.places, **_about(fault)) for fault in refusal.faults]
    if isinstance(refusal, DocumentRefused):
        return [entry(refusal.message, refusal.code, refusal.places)]
    return [_entry_of_own(refusal)]


def _about(fault: Fault) -> dict[str, str]:
    rule = {"rule": fault.rule.removesuffix("Rule")}
    return rule if fault.coordinate is None else rule | {COORDINATE: fault.coordinate}


def entry_of_bug(error: BaseException, digest: bytes | None = None) -> ErrorEntry:
    """Logs where, never what, and gives the caller the id to ask with."""
    error_id = str(uuid.uuid4())
    log.error(
        "graphql.error",
        error_id=error_id,
        document=digest.hex() if digest else None,
        kinds=_kinds(error),
        frames=[
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ],
    )
    return entry(INTERNAL, "INTERNAL_SERVER_ERROR", errorId=error_id)


def entry_of_error(error: GraphQLError, digest: bytes) -> ErrorEntry:
    """An error of the execution, with its path and its place."""
    cause = _root(error)
    if error.path is None and COORDINATE in (error.extensions or {}):
        body = _entry_of_variable(error, cause)
    elif isinstance(cause, IsoModError):
        body = _entry_of_own(cause)
    elif not isinstance(cause, GraphQLError):
        body = entry_of_bug(cause, digest)
    elif (code := (cause.extensions or {}).get("code")) in DENIALS:
        body = entry(DENIALS[code], code)
    elif error.path is None:
        body = entry(BAD_VARIABLE, "BAD_USER_INPUT")
    elif cause.nodes and not isinstance(cause.nodes[0], FieldNode):
        body = entry(BAD_ARGUMENT, "BAD_USER_INPUT")
    else:
        body = entry_of_bug(cause, digest)
    if error.locations:
        body["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        body["path"] = list(error.path)
    return body


def entries_of_errors(errors: Sequence[GraphQLError], digest: bytes) -> list[ErrorEntry]:
    return [entry_of_error(error, digest) for error in errors[:MOST_ERRORS]]


def status_of_refusal(refusal: IsoModError, media: Media, http_status: HttpStatus) -> int:
    if isinstance(refusal, DoorRefusal):
        return refusal.status
    return status_of_code(refusal.code, media, http_status)


def status_of_code(code: str, media: Media, http_status: HttpStatus) -> int:
    """GraphQL over HTTP section 6.4: application/json has 200 for whatever the document itself is to blame for."""
    if media is Media.JSON and code in OF_THE_DOCUMENT:
        return 200
    if http_status == "draft" and code in UNPROCESSABLE:
        return 422
    return STATUS.get(code, 400)


def body_of(members: dict[str, Any]) -> bytes:
    """GraphQL has no integers beyond 64 bits; a scalar that cannot be written is a bug of ours."""
    return orjson.dumps(members)


def _entry_of_variable(error: GraphQLError, cause: BaseException) -> ErrorEntry:
    """The sentence of schema/limits/misfits.py, under the code of the scalar that refused the value."""
    coordinate = str((error.extensions or {})[COORDINATE])
    if isinstance(cause, IsoModError):
        return entry(cause.message, cause.code, coordinate=coordinate)
    return entry(error.message, "BAD_USER_INPUT", coordinate=coordinate)


def _entry_of_own(error: IsoModError) -> ErrorEntry:
    if error.field:
        return entry(error.message, error.code, field=error.field)
    return entry(error.message, error.code)


def _root(error: GraphQLError) -> BaseException:
    """The exception that a resolver raised, under every layer that GraphQL put around it."""
    found: BaseException = error
    while isinstance(found, GraphQLError) and found.original_error is not None:
        found = found.original_error
    return found


def _kinds(error: BaseException) -> list[str]:
    """The classes of the exception and of what caused it, outermost first."""
    kinds: list[str] = []
    current: BaseException | None = error
    while current is not None and len(kinds) < 8:
        kinds.append(f"{type(current).__module__}.{type(current).__qualname__}")
        current = current.__cause__ or current.__context__
    return kinds
