"""Who would be asking under an id: a person, a token, a program, each with what it holds today. Nobody signs in here, and what has ended is None."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from isomod_graphql.core.store import Transaction
from isomod_graphql.identity.caveats import caveats_of
from isomod_graphql.identity.models import ApiToken, PartnerClient
from isomod_graphql.identity.principals import active_member, token_principal
from permissions.caveats import Caveats, admits_time, narrow
from permissions.grants import CLIENT_ROLE
from permissions.principals import Assurance, Principal, RoleGrant, Scope
from permissions.purposes import Purpose


async def person_standing(tx: Transaction, person_id: UUID) -> Principal | None:
    """The person as after a sign-in, with every role held and nothing narrowed; None without an active membership."""
    held = await active_member(tx, person_id)
    if held is None:
        return None
    return Principal(
        kind="PERSON",
        tenant_id=tx.tenant_id,
        person_id=person_id,
        account_id=held.account_id,
        grants=held.grants,
        assurance=Assurance.SESSION,
    )


async def token_standing(tx: Transaction, token_id: UUID) -> Principal | None:
    """Whoever brings the token, from within its networks; None when it is revoked or over, or nobody stands behind it."""
    here = (ApiToken.tenant_id == tx.tenant_id, ApiToken.id == token_id)
    row = await tx.first(select(ApiToken.__table__).where(*here))
    if row is None or row.revoked_at is not None:
        return None
    caveats = narrow(caveats_of(row.caveats), Caveats(not_after=row.expires_at))
    return await token_principal(tx, row, caveats) if admits_time(caveats, tx.now) else None


async def client_standing(tx: Transaction, client_id: UUID) -> Principal | None:
    """The program with a token of everything that it is registered for; None when it is disabled or over."""
    here = (PartnerClient.tenant_id == tx.tenant_id, PartnerClient.id == client_id)
    row = await tx.first(select(PartnerClient.__table__).where(*here))
    if row is None or row.disabled_at is not None or tx.now >= row.expires_at:
        return None
    return Principal(
        kind="CLIENT",
        tenant_id=tx.tenant_id,
        client_id=row.id,
        grants=(RoleGrant(CLIENT_ROLE, None, row.expires_at),),
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        purpose=Purpose(row.purpose),
        assurance=Assurance.TOKEN,
        caveats=replace(caveats_of(row.caveats), not_after=row.expires_at),
    )
