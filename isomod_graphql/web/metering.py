"""How many points a caller may spend in a minute. It refuses the request that would go over, before it runs.

Points are counted in this process and settled with the others every second (web/settlement.py); an address is counted here alone.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Protocol
from uuid import UUID

from isomod_graphql.core.clock import Clock
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.web.facts import HttpFacts
from isomod_graphql.web.refusals import RateLimited
from permissions.principals import Principal

WINDOW_S = 60
Caller = tuple[UUID, UUID]
"""The organisation, and the program, account or person that spends."""
REFUSED_POINTS = 10
"""What a request costs that is refused before its own cost is known: reading and validating it was work already."""
FREE_CHARACTERS = 256
PER_POINT, PER_POINT_REFUSED = 32, 8
"""Characters of a document. One that is refused is not kept, and read anew each time."""
BY_REFERENCE = 9
"""Times its cost, what a query costs besides that runs through resolvers: an error inside, or introspection beside data.
They take five to twenty times as long (benchmarks/results.md)."""


def points_of_reading(source: str, *, refused: bool = False) -> int:
    """What a document costs besides its rows. It is the same whether this process knows it: what others sent is nobody's to learn."""
    return max(0, len(source) - FREE_CHARACTERS) // (PER_POINT_REFUSED if refused else PER_POINT)


class Meter(Protocol):
    """Counts what a request costs."""

    def spend(self, points: int, principal: Principal, http: HttpFacts) -> Mapping[str, str]:
        """The headers that tell the caller what is left. Raises RateLimited."""

    def charge(self, points: int, principal: Principal, http: HttpFacts) -> Mapping[str, str]:
        """The same for work that was done already: what is left is taken, and nothing is refused."""

    def require(self, principal: Principal, http: HttpFacts) -> None:
        """Raises RateLimited where nothing is left, before any work is done."""


class Unmetered:
    """Counts nothing."""

    def spend(self, points: int, principal: Principal, http: HttpFacts) -> Mapping[str, str]:  # noqa: ARG002 - the protocol gives them
        return {}

    def charge(self, points: int, principal: Principal, http: HttpFacts) -> Mapping[str, str]:  # noqa: ARG002 - as above
        return {}

    def require(self, principal: Principal, http: HttpFacts) -> None:
        """Nothing is ever spent."""


class PointsPerMinute:
    """Minutes of the clock; all counts are forgotten when one ends, so that memory holds one minute of callers.

    The headers are those of the IETF draft on RateLimit fields.
    """

    def __init__(self, quota: int, clock: Clock) -> None:
        self._quota = quota
        self._clock = clock
        self._minute = 0
        self._spent: dict[object, int] = {}
        """Here, and elsewhere as far as it is settled."""
        self._settled: dict[Caller, int] = {}
        """What of it every process knows."""
        self._policy = f'"gql";q={quota};w={WINDOW_S}'

    def spend(self, points: int, principal: Principal, http: HttpFacts) -> Mapping[str, str]:
        left = self._seconds_left()
        key = _key(principal, http)
        spent = self._spent.get(key, 0) + points
        if spent > self._quota:
            raise RateLimited(retry_after=left, headers=self._told(spent - points, left))
        self._spent[key] = spent
        return self._told(spent, left)

    def charge(self, points: int, principal: Principal, http: HttpFacts) -> Mapping[str, str]:
        left = self._seconds_left()
        key = _key(principal, http)
        spent = min(self._quota, self._spent.get(key, 0) + points)
        self._spent[key] = spent
        return self._told(spent, left)

    def require(self, principal: Principal, http: HttpFacts) -> None:
        left = self._seconds_left()
        spent = self._spent.get(_key(principal, http), 0)
        if spent >= self._quota:
            raise RateLimited(retry_after=left, headers=self._told(spent, left))

    def unsettled(self, most: int) -> tuple[int, dict[Caller, int]]:
        """The minute, and what at most so many callers spent here that no other process knows of."""
        self._seconds_left()
        known = self._settled
        owed = (
            (key, spent - known.get(key, 0)) for key, spent in self._spent.items() if isinstance(key, tuple)
        )
        return self._minute, dict(islice(((key, points) for key, points in owed if points), most))

    def settled(self, minute: int, totals: Mapping[Caller, int], told: Mapping[Caller, int]) -> None:
        """What these callers spent everywhere, `told` included; what was spent here meanwhile stays owed."""
        if minute != self._minute:
            return
        for key, total in totals.items():
            since = self._spent[key] - self._settled.get(key, 0) - told[key]
            self._spent[key], self._settled[key] = total + since, total

    def _seconds_left(self) -> int:
        minute, second = divmod(int(self._clock.now().timestamp()), WINDOW_S)
        if minute != self._minute:
            self._minute = minute
            self._spent.clear()
            self._settled.clear()
        return WINDOW_S - second

    def _told(self, spent: int, left: int) -> Mapping[str, str]:
        return {"ratelimit-policy": self._policy, "ratelimit": f'"gql";r={self._quota - spent};t={left}'}


def _key(principal: Principal, http: HttpFacts) -> object:
    """A person spends from one purse through all tokens and sessions; nobody is told apart by address only."""
    principal = principal.acting
    known = principal.client_id or principal.account_id or principal.person_id
    return (principal.tenant_id or PLATFORM_TENANT, known) if known else http.address
