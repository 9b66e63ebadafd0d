"""One member looks at what another is shown: the ticket for it, and the principal of such a look. Refuses to outlive a quarter of an hour, or any change of either member."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag

from isomod_graphql.audit.service import record
from isomod_graphql.core.errors import NotFound
from isomod_graphql.core.keystore import TenantKeys
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.viewer import GrantRefused, Viewer
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.principals import Member, active_member
from isomod_graphql.identity.sessions import require_session
from permissions.caveats import Caveats
from permissions.decisions import Denied, may_view, vector_of
from permissions.grants import Action
from permissions.policy_version import POLICY_VERSION, canonical
from permissions.principals import Assurance, Principal

LASTS: Final = timedelta(minutes=15)
LONGEST_TICKET: Final = 200
_PURPOSE: Final = b"isomod view as"
"""Keeps a ticket apart from the cursors that are sealed under the same key."""


class ViewAsRefused(GrantRefused):
    """Nobody looks as oneself, as who oversees privacy, or with rights on some sites only."""

    code = "VIEW_AS_REFUSED"
    message = "You cannot see the product as this person."


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the header of every request of the look holds, and until when it is good. It is of use to one session alone."""

    text: str = field(repr=False)
    until: datetime


async def start_view_as(tx: Transaction, viewer: Viewer, *, person_id: UUID) -> Ticket:
    """Puts the look on record and gives its ticket.

    Raises a denial (a fresh proof is needed), SessionRequired, NotFound for who is no active member, ViewAsRefused.
    """
    viewer.require(Action.VIEW_AS)
    require_session(viewer.principal)
    member = await active_member(tx, person_id)
    if member is None:
        raise NotFound(field="userId")
    verdict = may_view(viewer.principal, person_id, member.grants, tx.now)
    if isinstance(verdict, Denied):
        raise ViewAsRefused("VIEW_AS", verdict.reason, field="userId")
    await record(tx, viewer.principal, "VIEW_AS", entity=("User", person_id))
    until = (tx.now + LASTS).replace(microsecond=0)
    plain = person_id.bytes + int(until.timestamp()).to_bytes(8, "big") + _state(viewer.principal, member)
    sealed = tx.keys.cursors.encrypt(plain, _bound_to(viewer.principal))
    return Ticket(urlsafe_b64encode(sealed).decode("ascii").rstrip("="), until)


async def viewed(desk: Desk, actor: Principal, ticket: str) -> Principal | None:
    """The member as whom this session looks; None when the ticket is another's or over, or either has changed since."""
    tenant = actor.tenant_id
    if tenant is None or actor.kind != "PERSON" or actor.scopes is not None:
        return None
    async with desk.store.transaction(tenant) as tx:
        opened = _opened(tx.keys, actor, ticket)
        if opened is None or not tx.now < opened[1]:
            return None
        person_id, until, state = opened
        member = await active_member(tx, person_id)
        holds = Action.VIEW_AS in vector_of(actor, tx.now).actions
        if member is None or not holds or state != _state(actor, member):
            return None
    return Principal(
        kind="PERSON",
        tenant_id=tenant,
        person_id=person_id,
        grants=member.grants,
        assurance=Assurance.SESSION,
        caveats=Caveats(not_after=until),
        viewed_by=looking(actor),
    )


def looking(actor: Principal) -> Principal:
    """The one who looks, without the fresh proof: it was for the beginning."""
    return replace(actor, assurance=Assurance.SESSION, stepped_up_until=None)


def _opened(keys: TenantKeys, actor: Principal, ticket: str) -> tuple[UUID, datetime, bytes] | None:
    try:
        sealed = urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
        plain = keys.cursors.decrypt(sealed, _bound_to(actor))
    except (ValueError, InvalidTag):
        return None
    return (
        UUID(bytes=plain[:16]),
        datetime.fromtimestamp(int.from_bytes(plain[16:24], "big"), UTC),
        plain[24:],
    )


def _bound_to(actor: Principal) -> list[bytes]:
    """The session is part of it, so that a ticket is of no use without its cookie, and of none in the next session."""
    who, session = actor.person_id or UUID(int=0), actor.credential_id or UUID(int=0)
    return [_PURPOSE, who.bytes, session.bytes]


def _state(actor: Principal, member: Member) -> bytes:
    """What both hold, since when, and under which policy: with any of it the look ends."""
    held = (POLICY_VERSION, actor.grants, member.grants, member.account_id, member.access_since)
    return sha256(canonical(held).encode()).digest()[:16]
