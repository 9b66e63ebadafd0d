"""From text to a document. It refuses text that cannot be stored, is too long or nests without end."""

from graphql import DocumentNode, GraphQLSyntaxError, parse

from schema.limits.bounds import BOUNDS, Bounds
from schema.limits.refusals import LiteralRefused, ParseFailed, Place, QueryTooDeep, QueryTooLarge


def check_source(text: str, bounds: Bounds = BOUNDS) -> None:
    """PostgreSQL stores neither NUL nor half a surrogate pair, so no document may hold one."""
    if len(text) > bounds.source_bytes:
        raise _too_long(bounds)
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise LiteralRefused("The document holds half a surrogate pair.") from None
    if size > bounds.source_bytes:
        raise _too_long(bounds)
    if "\0" in text:
        raise LiteralRefused("The document holds a NUL character.")


def _too_long(bounds: Bounds) -> QueryTooLarge:
    return QueryTooLarge(f"The document holds more than {bounds.source_bytes:,} bytes.")


def parse_document(text: str, bounds: Bounds = BOUNDS) -> DocumentNode:
    """The cause is dropped: graphql-core quotes the source in its messages."""
    check_source(text, bounds)
    try:
        return parse(
            text,
            max_lexical_tokens=bounds.tokens,
            max_comments=bounds.comments,
            max_source_length=bounds.source_bytes,
        )
    except GraphQLSyntaxError as error:
        refusal = _refusal(error)
    raise refusal


def _refusal(error: GraphQLSyntaxError) -> ParseFailed | QueryTooLarge | QueryTooDeep:
    places = [Place(place.line, place.column) for place in error.locations or ()]
    if "contains more than" in error.description:
        return QueryTooLarge(places=places)
    if "nested too deeply" in error.description:
        return QueryTooDeep(places=places)
    return ParseFailed(places=places)
