"""Why a document is refused: one class per stable code. They carry a place in the text, never the text."""

from collections.abc import Sequence
from typing import NamedTuple

from isomod_graphql.core.errors import IsoModError


class Place(NamedTuple):
    """Where in the source, counted from 1."""

    line: int
    column: int


class DocumentRefused(IsoModError):
    """The document was not run."""

    def __init__(self, message: str | None = None, *, places: Sequence[Place] = ()) -> None:
        super().__init__(message)
        self.places = tuple(places)


class ParseFailed(DocumentRefused):
    """GraphQL specification section 2: the source is no document."""

    code = "GRAPHQL_PARSE_FAILED"
    message = "The document is not valid GraphQL."


class ValidationFailed(DocumentRefused):
    """GraphQL specification section 5: the document does not fit the schema, or itself."""

    code = "GRAPHQL_VALIDATION_FAILED"
    message = "The document does not fit the schema."


class QueryTooLarge(DocumentRefused):
    code = "QUERY_TOO_LARGE"
    message = "The document is too large."


class QueryTooDeep(DocumentRefused):
    code = "QUERY_TOO_DEEP"
    message = "The document is nested too deeply."


class QueryTooComplex(DocumentRefused):
    code = "QUERY_TOO_COMPLEX"
    message = "The request asks for too many rows."


class TooManyAliases(DocumentRefused):
    code = "TOO_MANY_ALIASES"
    message = "The document uses too many aliases."


class TooManyDirectives(DocumentRefused):
    code = "TOO_MANY_DIRECTIVES"
    message = "The document uses too many directives."


class SignInRepeated(DocumentRefused):
    """A guess costs one request each: a sign-in stands alone in its document and has no alias."""

    code = "SIGN_IN_REPEATED"
    message = "A document may sign in once, without an alias."


class OperationAmbiguous(DocumentRefused):
    code = "OPERATION_AMBIGUOUS"
    message = "The document holds several operations; name one in operationName."


class OperationNotFound(DocumentRefused):
    code = "OPERATION_NOT_FOUND"
    message = "The document holds no operation of this name."


class LiteralRefused(DocumentRefused):
    """A literal that no scalar can store or read."""

    code = "BAD_USER_INPUT"
    message = "A value in the document is not valid."
