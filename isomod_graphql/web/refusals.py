"""Why a request is refused before it reaches a document, and the HTTP status of every code. It refuses to echo."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final

from isomod_graphql.core.errors import IsoModError

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class DoorRefusal(IsoModError):
    """A refusal of the HTTP exchange itself; `status` holds whatever media type is answered."""

    status: ClassVar[int] = 400
    code = "BAD_REQUEST"
    message = "The request is not a GraphQL request."


class BadRequest(DoorRefusal):
    """The body or a parameter is not what GraphQL over HTTP asks for."""


class BadValue(DoorRefusal):
    """A value that no scalar can hold: NUL, half a surrogate pair, endless nesting."""

    code = "BAD_USER_INPUT"
    message = "A value in the request is not valid."


class BatchRefused(DoorRefusal):
    code = "BATCHING_NOT_SUPPORTED"
    message = "One request holds one operation."


class MethodNotAllowed(DoorRefusal):
    """RFC 9110 section 15.5.6: the answer names the methods that are allowed."""

    status = 405
    code = "METHOD_NOT_ALLOWED"
    message = "This method is not allowed here."

    def __init__(self, *, allow: str) -> None:
        super().__init__()
        self.allow = allow


class NotAcceptable(DoorRefusal):
    status = 406
    code = "NOT_ACCEPTABLE"
    message = "The answer is application/graphql-response+json, application/json or text/event-stream."


class RequestTimeout(DoorRefusal):
    status = 503
    code = "REQUEST_TIMEOUT"
    message = "The request took too long and was stopped."


class BodyTimeout(DoorRefusal):
    status = 408
    code = "REQUEST_TIMEOUT"
    message = "The body of the request did not arrive in time."


class BodyTooLarge(DoorRefusal):
    status = 413
    code = "BODY_TOO_LARGE"
    message = "The body of the request is too large."


class UnsupportedMediaType(DoorRefusal):
    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"
    message = "The body must be application/json in UTF-8."


class CrossSiteRefused(DoorRefusal):
    status = 403
    code = "CROSS_SITE_REQUEST"
    message = "The request comes from another site."


class CsrfTokenInvalid(DoorRefusal):
    status = 403
    code = "CSRF_TOKEN_INVALID"
    message = "The X-CSRF-Token header does not belong to this session."


class TrustedDocumentRequired(DoorRefusal):
    """GET with a cookie: a link on another site could send it."""

    status = 403
    code = "TRUSTED_DOCUMENT_REQUIRED"
    message = "A GET request with a session may only run a trusted document."


class ViewAsEnded(DoorRefusal):
    """The ticket is not of this session or over, a member has changed since, or it came with a bearer token."""

    status = 403
    code = "VIEW_AS_ENDED"
    message = "You no longer see the product as another person."


class ViewAsReadOnly(DoorRefusal):
    status = 403
    code = "VIEW_AS_READ_ONLY"
    message = "Nothing can be changed while you see the product as another person."


class HostUnknown(DoorRefusal):
    status = 421
    code = "HOST_UNKNOWN"
    message = "This host is not served here."


class TooManySubscriptions(DoorRefusal):
    status = 429
    code = "TOO_MANY_SUBSCRIPTIONS"
    message = "You have as many subscriptions here as you may."


class PrincipalChanged(IsoModError):
    """A stream ends: rights, roles or the person behind it are others than when it began."""

    code = "PRINCIPAL_CHANGED"
    message = "What you may see has changed. Subscribe again."


class SubscriberTooSlow(IsoModError):
    """A stream ends: its client takes less than it is told."""

    code = "SUBSCRIBER_TOO_SLOW"
    message = "Too much waits to be read. Subscribe again."


class SubscriptionInterrupted(IsoModError):
    """A stream ends: something may have happened that it was not told of."""

    code = "SUBSCRIPTION_INTERRUPTED"
    message = "Changes may have been missed. Subscribe again and read anew."


class ServerStopping(IsoModError):
    """A stream ends: this process takes no more work."""

    code = "SERVER_STOPPING"
    message = "This server is stopping. Subscribe again."


class PersistedQueryNotFound(IsoModError):
    """The code by which Apollo clients know to send the whole document."""

    code = "PERSISTED_QUERY_NOT_FOUND"
    message = "PersistedQueryNotFound"


class PersistedQueryNotSupported(IsoModError):
    """The code by which Apollo clients know to send whole documents from now on: no document is registered here."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"
    message = "PersistedQueryNotSupported"


class RateLimited(IsoModError):
    """The points of this minute are spent."""

    code = "RATE_LIMITED"
    message = "The limit of points per minute is reached."

    def __init__(self, *, retry_after: int, headers: Mapping[str, str] = NOTHING) -> None:
        """`headers` tell what is left, and when there is more."""
        super().__init__()
        self.retry_after, self.headers = retry_after, headers


UNPROCESSABLE = frozenset(
    {
        "BAD_USER_INPUT",
        "GRAPHQL_VALIDATION_FAILED",
        "OPERATION_AMBIGUOUS",
        "OPERATION_NOT_FOUND",
        "QUERY_TOO_COMPLEX",
        "QUERY_TOO_DEEP",
        "QUERY_TOO_LARGE",
        "SIGN_IN_REPEATED",
        "TOO_MANY_ALIASES",
        "TOO_MANY_DIRECTIVES",
    }
)
"""The document was understood and cannot be run: 422 in the draft of GraphQL over HTTP, 400 before it."""

OF_THE_DOCUMENT = UNPROCESSABLE | {
    "GRAPHQL_PARSE_FAILED",
    "PERSISTED_QUERY_NOT_FOUND",
    "PERSISTED_QUERY_NOT_SUPPORTED",
}
"""What a client that asks for application/json gets with 200, as GraphQL over HTTP wants for old clients."""

STATUS = {
    "ACCESS_RECORD_UNAVAILABLE": 503,
    "COLUMN_NOT_READABLE": 403,
    "EXPORTS_BUSY": 503,
    "EXPORT_TOO_LARGE": 400,
    "FIELD_NOT_READABLE": 400,
    "FORBIDDEN": 403,
    "INTERNAL_SERVER_ERROR": 500,
    "KEYSTORE_UNAVAILABLE": 503,
    "MASKED_ANSWER_REJECTED": 403,
    "RATE_LIMITED": 429,
    "SERVICE_UNAVAILABLE": 503,
    "STEP_UP_REQUIRED": 403,
    "UNAUTHENTICATED": 401,
}
