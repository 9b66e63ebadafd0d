"""How many points a caller may spend in a minute. It refuses the request that would go over, before it runs.

Points are counted in this process; several processes share a limit when each is given its part of it.
"""

from collections.abc import Mapping
from typing import Protocol

from isomod_graphql.core.clock import Clock
from isomod_graphql.web.facts import HttpFacts
from isomod_graphql.web.refusals import RateLimited
from permissions.principals import Principal

WINDOW_S = 60


class Meter(Protocol):
    """Counts what a request costs."""

    def spend(self, points: int, principal: Principal, http: HttpFacts) -> Mapping[str, str]:
        """The headers that tell the caller what is left. Raises RateLimited."""


class Unmetered:
    """Counts nothing."""

    def spend(self, points: int, principal: Principal, http: HttpFacts) -> Mapping[str, str]:  # noqa: ARG002 - the protocol gives them
        return {}


class PointsPerMinute:
    """Minutes of the clock; all counts are forgotten when one ends, so that memory holds one minute of callers.

    The headers are those of the IETF draft on RateLimit fields.
    """

    def __init__(self, quota: int, clock: Clock) -> None:
        self._quota = quota
        self._clock = clock
        self._minute = 0
        self._spent: dict[object, int] = {}
        self._policy = f'"gql";q={quota};w={WINDOW_S}'

    def spend(self, points: int, principal: Principal, http: HttpFacts) -> Mapping[str, str]:
        minute, second = divmod(int(self._clock.now().timestamp()), WINDOW_S)
        if minute != self._minute:
            self._minute = minute
            self._spent.clear()
        key = _key(principal, http)
        left = WINDOW_S - second
        spent = self._spent.get(key, 0) + points
        if spent > self._quota:
            raise RateLimited(retry_after=left)
        self._spent[key] = spent
        return {"ratelimit-policy": self._policy, "ratelimit": f'"gql";r={self._quota - spent};t={left}'}


def _key(principal: Principal, http: HttpFacts) -> object:
    """A person spends from one purse through all tokens and sessions; nobody is told apart by address only."""
    known = principal.client_id or principal.account_id or principal.person_id
    return (principal.tenant_id, known) if known else http.address
