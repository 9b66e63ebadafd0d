"""The caller of one request as the engine sees it: a principal, its decision vector and its sites at one instant. Refuses to change while the request runs."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from typing import Final
from uuid import UUID

from isomod_graphql.core.errors import Forbidden, Refusal, StepUpRequired, Unauthenticated
from permissions.decisions import DenialReason, Denied, Sites, Vector, may, site_bound, site_slots, vector_of
from permissions.grants import Action
from permissions.principals import Principal

Powers = tuple[Vector, tuple[Sites, ...], Sites, int]
"""The vector, the sites of its slots, those that bind the credential, and a number that equal vectors share."""
EVER: Final = datetime.min.replace(tzinfo=UTC)
NEVER: Final = datetime.max.replace(tzinfo=UTC)
MOST_POWERS: Final = 4_096


@dataclass(frozen=True, slots=True)
class Viewer:
    """A principal at an instant."""

    principal: Principal
    vector: Vector
    slots: tuple[Sites, ...]
    bound: Sites
    key: int
    """Equal for equal vectors, and cheaper to look up by."""
    now: datetime

    @classmethod
    def at(cls, principal: Principal, now: datetime) -> "Viewer":
        """The viewer's powers at `now`."""
        known = _known.get(id(principal))
        if known is not None and known[0] is principal and known[1] <= now < known[2]:
            return cls(principal, *known[3], now)
        since, until = _period(principal, now)
        powers = _powers(principal, since)
        if len(_known) >= MOST_POWERS:
            _known.clear()
        _known[id(principal)] = principal, since, until, powers
        return cls(principal, *powers, now)

    @property
    def person_id(self) -> UUID | None:
        """The person row of the caller, None for a client or nobody."""
        return self.principal.person_id

    @property
    def actor_id(self) -> UUID:
        """The person or client that acts, never the member as whom somebody looks. Raises Unauthenticated for nobody."""
        acting = self.principal.acting
        actor = acting.person_id or acting.client_id
        if actor is None:
            raise Unauthenticated
        return actor

    @property
    def tenant_id(self) -> UUID:
        """The tenant of the caller. Raises Unauthenticated for nobody."""
        if self.principal.tenant_id is None:
            raise Unauthenticated
        return self.principal.tenant_id

    @property
    def holder(self) -> bytes:
        """Whose cursors these are: the actor's, and apart from those the ones of each member as whom the actor looks."""
        own = self.actor_id.bytes
        viewed = self.principal.viewed_by is not None and self.principal.person_id
        return own + viewed.bytes if viewed else own

    def require(self, action: Action, *, subject_id: UUID | None = None) -> None:
        """Raises Denial (Forbidden, Unauthenticated or StepUpRequired, each with the reason) when the action is refused."""
        verdict = may(self.principal, action, now=self.now, subject_id=subject_id)
        if isinstance(verdict, Denied):
            raise_denial(verdict, action)


def _period(principal: Principal, now: datetime) -> tuple[datetime, datetime]:
    """From when to when nothing that the principal holds comes to its end: its powers are the same all that time."""
    ends = [grant.expires_at for grant in principal.grants] + [principal.caveats.not_after]
    if principal.viewed_by is not None:
        ends += [grant.expires_at for grant in principal.viewed_by.grants]
        ends.append(principal.viewed_by.caveats.not_after)
    past = max((end for end in ends if end is not None and end <= now), default=EVER)
    return past, min((end for end in ends if end is not None and end > now), default=NEVER)


@lru_cache(MOST_POWERS)
def _powers(principal: Principal, at: datetime) -> Powers:
    vector = vector_of(principal, at)
    return vector, site_slots(principal, at), site_bound(principal), _number(vector)


@lru_cache(MOST_POWERS)
def _number(_vector: Vector) -> int:
    return next(_numbers)


_numbers = count()
_known: dict[int, tuple[Principal, datetime, datetime, Powers]] = {}
"""By the identity of a principal, which is kept here so that no other can have it."""


class ActionForbidden(Forbidden):
    """An action was refused; `action` and `reason` go into the audit trail, the answer says FORBIDDEN only."""

    def __init__(self, action: str, reason: DenialReason, *, field: str | None = None) -> None:
        """The action and why it was refused; `field` where one field of the input is at fault."""
        super().__init__(field=field)
        self.action, self.reason = action, reason


class GrantRefused(Refusal):
    """The caller may give, but not this: to oneself, beyond what is held, without an end. Data for the client, and on record."""

    code = "GRANT_REFUSED"
    message = "You cannot give this role or scope."

    def __init__(self, action: str, reason: DenialReason, *, field: str | None = None) -> None:
        """The action and why it was refused."""
        super().__init__(field=field)
        self.action, self.reason = action, reason


def raise_denial(verdict: Denied, action: str) -> None:
    """Turns a refusal into the error that the caller sees."""
    if verdict.reason is DenialReason.NOBODY:
        raise Unauthenticated
    if verdict.reason is DenialReason.STEP_UP:
        raise StepUpRequired
    raise ActionForbidden(action, verdict.reason)
