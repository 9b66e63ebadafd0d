"""The caller of one request as the engine sees it: a principal, its decision vector and its sites at one instant. Refuses to change while the request runs."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from isomod_graphql.core.errors import Forbidden, Refusal, StepUpRequired, Unauthenticated
from permissions.decisions import DenialReason, Denied, Sites, Vector, may, site_bound, site_slots, vector_of
from permissions.grants import Action
from permissions.principals import Principal

Powers = tuple[Vector, tuple[Sites, ...], Sites]
EVER: Final = datetime.min.replace(tzinfo=UTC)
MOST_POWERS: Final = 4_096


@dataclass(frozen=True, slots=True)
class Viewer:
    """A principal at an instant."""

    principal: Principal
    vector: Vector
    slots: tuple[Sites, ...]
    bound: Sites
    now: datetime

    @classmethod
    def at(cls, principal: Principal, now: datetime) -> "Viewer":
        """The viewer's powers at `now`."""
        return cls(principal, *_powers(principal, _unchanged_since(principal, now)), now)

    @property
    def person_id(self) -> UUID | None:
        """The person row of the caller, None for a client or nobody."""
        return self.principal.person_id

    @property
    def actor_id(self) -> UUID:
        """The person or client that acts. Raises Unauthenticated for nobody."""
        actor = self.principal.person_id or self.principal.client_id
        if actor is None:
            raise Unauthenticated
        return actor

    @property
    def tenant_id(self) -> UUID:
        """The tenant of the caller. Raises Unauthenticated for nobody."""
        if self.principal.tenant_id is None:
            raise Unauthenticated
        return self.principal.tenant_id

    def require(self, action: Action, *, subject_id: UUID | None = None) -> None:
        """Raises Denial (Forbidden, Unauthenticated or StepUpRequired, each with the reason) when the action is refused."""
        verdict = may(self.principal, action, now=self.now, subject_id=subject_id)
        if isinstance(verdict, Denied):
            raise_denial(verdict, action)


def _unchanged_since(principal: Principal, now: datetime) -> datetime:
    """The last moment at which something that the principal holds came to its end: its powers then are its powers now."""
    ends = [grant.expires_at for grant in principal.grants] + [principal.caveats.not_after]
    return max((end for end in ends if end is not None and end <= now), default=EVER)


@lru_cache(MOST_POWERS)
def _powers(principal: Principal, at: datetime) -> Powers:
    return vector_of(principal, at), site_slots(principal, at), site_bound(principal)


class ActionForbidden(Forbidden):
    """An action was refused; `action` and `reason` go into the audit trail, the answer says FORBIDDEN only."""

    def __init__(self, action: str, reason: DenialReason) -> None:
        """The action and why it was refused."""
        super().__init__()
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
