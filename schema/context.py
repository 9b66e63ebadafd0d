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
    cookies: dict[str, str | None] = field(default_factory=dict, repr=False)
    """Cookies to set, None to clear, by name."""


def services_of(request: Request) -> Services:
    """The services of a running request."""
    services: Any = request.services
    if not isinstance(services, Services):
        raise TypeError("this request has no services")
    return services
