"""Why a program gets no token: the codes of RFC 6749 section 5.2 and RFC 9396 section 5. They tell nobody which part of a proof was wrong."""

from collections.abc import Mapping
from math import ceil
from typing import ClassVar


class OAuthRefusal(Exception):
    """An answer of the OAuth endpoints; `error` and `status` are those of the RFCs, the description echoes nothing."""

    error: ClassVar[str]
    status: ClassVar[int] = 400
    description: str = ""

    def __init__(self, description: str | None = None) -> None:
        """The description overrides the class's own."""
        self.description = description or type(self).description
        self.left: Mapping[str, str] = {}
        """What the answer tells of the points that are left."""
        super().__init__(self.description)

    @property
    def headers(self) -> dict[str, str]:
        """What the answer tells besides its body."""
        return {}


class InvalidRequest(OAuthRefusal):
    """RFC 6749 section 5.2: malformed, repeated or missing parameters, or two ways of proving a secret."""

    error = "invalid_request"
    description = "The request is not a form that this endpoint knows."


class InvalidClient(OAuthRefusal):
    """Unknown, wrong, ended, disabled, or from an address outside the registration: nobody can tell which."""

    error = "invalid_client"
    status = 401
    description = "The client could not be authenticated."

    @property
    def headers(self) -> dict[str, str]:
        """RFC 9110 section 15.5.2: how to authenticate."""
        return {"www-authenticate": 'Basic realm="isomod", charset="UTF-8"'}


class UnsupportedGrantType(OAuthRefusal):
    """Anything but client credentials."""

    error = "unsupported_grant_type"
    description = "The grant type is client_credentials."


class InvalidScope(OAuthRefusal):
    """Unknown, or beyond the registration."""

    error = "invalid_scope"
    description = "The client is not registered for this scope."


class InvalidAuthorizationDetails(OAuthRefusal):
    """RFC 9396 section 5: unknown, malformed, or beyond the registration."""

    error = "invalid_authorization_details"
    description = "The authorization details are not understood, or lie beyond the registration."


class TemporarilyUnavailable(OAuthRefusal):
    """Too soon after failures of this client from this address, or the points of the minute are spent."""

    error = "temporarily_unavailable"
    status = 429
    description = "Too many requests. Wait as long as Retry-After says."

    def __init__(self, retry_after: float) -> None:
        """`retry_after` in seconds, told rounded up."""
        super().__init__()
        self.retry_after = max(1, ceil(retry_after))

    @property
    def headers(self) -> dict[str, str]:
        """RFC 9110 section 10.2.3."""
        return {"retry-after": str(self.retry_after)}
