"""What resolvers need beside the engine's request: settings, where the call came from, and the cookies that the answer sets."""

from dataclasses import dataclass, field
from typing import Any

from isomod_graphql.core.settings import Settings
from isomod_graphql.engine.request import Request
from isomod_graphql.identity.desk import Desk


@dataclass(slots=True)
class Services:
    """One per request. `session_secret` is the caller's own cookie, if any."""

    desk: Desk
    settings: Settings
    address: str | None = None
    user_agent: str | None = None
    session_secret: str | None = field(default=None, repr=False)
    device_secret: str | None = field(default=None, repr=False)
    idempotency_key: str | None = field(default=None, repr=False)
    """What the caller sent as a header, for the mutations of this request."""
    keyed: int = 0
    """How many root mutations of this request have used it."""
    cookies: dict[str, str | None] = field(default_factory=dict, repr=False)
    """Cookies to set, None to clear, by name."""


def next_key(services: object) -> str | None:
    """The key of the next root mutation, when the request came with one: the first has it as it is, the others numbered.

    Root mutations run one after the other in the order of the document, so the same document numbers them alike.
    """
    if not isinstance(services, Services) or services.idempotency_key is None:
        return None
    services.keyed += 1
    return services.idempotency_key if services.keyed == 1 else f"{services.idempotency_key}#{services.keyed}"


def services_of(request: Request) -> Services:
    """The services of a running request."""
    services: Any = request.services
    if not isinstance(services, Services):
        raise TypeError("this request has no services")
    return services
