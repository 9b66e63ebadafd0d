"""Bearer tokens of people: made once, shown once, listed, revoked. Refuses a token wider than its maker or longer than a year."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from isomod_graphql.audit.service import record
from isomod_graphql.core.crypto import token_hash
from isomod_graphql.core.directory import Kind, enter, forget
from isomod_graphql.core.errors import BadInput, Forbidden, NotFound
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.text import line
from isomod_graphql.engine.reach import RowScope
from isomod_graphql.engine.viewer import GrantRefused, Viewer
from isomod_graphql.identity.caveats import json_of
from isomod_graphql.identity.models import ApiToken
from isomod_graphql.identity.token_format import new_secret
from permissions.caveats import UNRESTRICTED, Caveats, narrow
from permissions.decisions import Denied, may_issue
from permissions.grants import Action
from permissions.principals import Scope
from permissions.reach import Resource

LONGEST_LIFE = timedelta(days=365)

TOKEN_SCOPE = RowScope(Resource.TOKEN, ApiToken, own=lambda person: ApiToken.person_id == person)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """The only time that the secret is seen."""

    id: UUID
    secret: str = field(repr=False)


async def create_token(
    tx: Transaction,
    viewer: Viewer,
    *,
    label: str,
    scopes: frozenset[Scope],
    expires_at: datetime,
    caveats: Caveats = UNRESTRICTED,
) -> IssuedToken:
    """A token of the caller's own, with the powers that the caller's roles and these scopes share. Needs a step-up.

    Raises BadInput, MaskedValueRejected, or a denial when it would be wider than what the caller holds.
    """
    viewer.require(Action.TOKEN_CREATE)
    if viewer.principal.kind != "PERSON" or viewer.person_id is None:
        raise Forbidden
    name = line(label, field="label")
    require_term(viewer.now, expires_at)
    if not scopes:
        raise BadInput("A token has at least one scope.", field="scopes")
    # The end is a caveat like the others: a token made by a token must not outlive it.
    bound = narrow(caveats, Caveats(not_after=expires_at))
    verdict = may_issue(viewer.principal, scopes, bound, viewer.now)
    if isinstance(verdict, Denied):
        raise GrantRefused(Action.TOKEN_CREATE, verdict.reason, field="scopes")
    issued = await put_token(
        tx, label=name, scopes=scopes, caveats=bound, expires_at=expires_at, person_id=viewer.person_id
    )
    await record(tx, viewer.principal, "TOKEN_CREATE", entity=("ApiToken", issued.id))
    return issued


def require_term(now: datetime, expires_at: datetime) -> None:
    """Raises BadInput unless the end lies within the coming year."""
    if not now < expires_at <= now + LONGEST_LIFE:
        raise BadInput("The end lies in the past, or more than a year ahead.", field="expiresAt")


async def put_token(
    tx: Transaction,
    *,
    label: str,
    scopes: frozenset[Scope],
    caveats: Caveats,
    expires_at: datetime,
    person_id: UUID | None = None,
    client_id: UUID | None = None,
) -> IssuedToken:
    """Writes a token that was decided."""
    token_id, secret = tx.new_id(), new_secret()
    secret_hash = token_hash(secret)
    row = {
        "tenant_id": tx.tenant_id, "id": token_id, "person_id": person_id, "client_id": client_id,
        "secret_hash": secret_hash, "label": label, "scopes": sorted(scopes), "caveats": json_of(caveats),
        "expires_at": expires_at, "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    await tx.run(insert(ApiToken).values(row))
    await enter(tx, Kind.TOKEN, secret_hash, token_id)
    return IssuedToken(token_id, secret)


async def revoke_token(tx: Transaction, viewer: Viewer, *, token_id: UUID) -> None:
    """Ends a token at once; revoking it again changes nothing. Raises NotFound for one out of reach."""
    viewer.require(Action.TOKEN_REVOKE)
    here = (ApiToken.tenant_id == tx.tenant_id, ApiToken.id == token_id)
    wanted = select(ApiToken.secret_hash, ApiToken.revoked_at).where(
        *here, TOKEN_SCOPE.reachable(viewer, Action.TOKEN_REVOKE)
    )
    row = await tx.first(wanted.with_for_update())
    if row is None:
        raise NotFound(field="tokenId")
    if row.revoked_at is not None:
        return
    changed = {"revoked_at": tx.now, "updated_at": tx.now, "version": ApiToken.version + 1}
    await tx.run(update(ApiToken).where(*here).values(changed))
    await forget(tx, Kind.TOKEN, bytes(row.secret_hash), token_id)
    await record(tx, viewer.principal, "TOKEN_REVOKE", entity=("ApiToken", token_id))


async def list_tokens(tx: Transaction, viewer: Viewer) -> list[Row[Any]]:
    """The reachable tokens that are not revoked, the newest first: id, person_id, client_id, label, scopes, expires_at."""
    viewer.require(Action.TOKEN_REVOKE)
    wanted = select(
        ApiToken.id,
        ApiToken.person_id,
        ApiToken.client_id,
        ApiToken.label,
        ApiToken.scopes,
        ApiToken.expires_at,
    ).where(
        ApiToken.tenant_id == tx.tenant_id,
        ApiToken.revoked_at.is_(None),
        TOKEN_SCOPE.reachable(viewer, Action.TOKEN_REVOKE),
    )
    return list(await tx.all(wanted.order_by(ApiToken.id.desc())))
