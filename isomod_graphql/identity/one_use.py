"""One-use tokens of letters, in the platform tenant. Valid for half an hour from the moment the letter is written; refuses a second use."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update

from isomod_graphql.core.crypto import token_hash
from isomod_graphql.core.store import Transaction
from isomod_graphql.identity.errors import TokenInvalid
from isomod_graphql.identity.models import AccountToken

VALID_FOR = timedelta(minutes=30)
LETTERS_AN_HOUR = 5
"""More letters of one kind to one address are not written: a stranger can ask for them too."""
_LONGEST_SECRET = 64


class LetterKind(StrEnum):
    """What a one-use token does."""

    INVITATION = "INVITATION"
    VERIFY_EMAIL = "VERIFY_EMAIL"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105  the name of a kind
    CHANGE_EMAIL = "CHANGE_EMAIL"


@dataclass(frozen=True, slots=True)
class Letter:
    """What the mail needs. `also_tell` is an address that hears of it without the secret."""

    kind: LetterKind
    address: str = field(repr=False)
    secret: str = field(repr=False)
    expires_at: datetime
    also_tell: str | None = field(default=None, repr=False)


async def put_token(tx: Transaction, kind: LetterKind, **columns: Any) -> UUID:  # noqa: ANN401  column values
    """A token without a secret; `new_email` is sealed for the account."""
    token_id, new_email = tx.new_id(), columns.pop("new_email", None)
    packs: dict[str, bytes] = {}
    if new_email is not None:
        owner = {"account_id": columns["account_id"]}
        packs = await tx.seal(AccountToken, token_id, {"new_email": new_email}, owner)
    row = {
        "tenant_id": tx.tenant_id, "id": token_id, "kind": kind.value, "created_at": tx.now, "updated_at": tx.now,
        **columns, **packs,
    }  # fmt: skip
    await tx.run(insert(AccountToken).values(row))
    return token_id


async def arm(tx: Transaction, token_id: UUID) -> tuple[str, datetime] | None:
    """A new secret for the token and its end; an earlier secret of it dies. None when it was used."""
    secret, until = secrets.token_urlsafe(32), tx.now + VALID_FOR
    here = (
        AccountToken.tenant_id == tx.tenant_id,
        AccountToken.id == token_id,
        AccountToken.used_at.is_(None),
    )
    armed = {"secret_hash": token_hash(secret), "expires_at": until, "updated_at": tx.now}
    return (secret, until) if await tx.run(update(AccountToken).where(*here).values(armed)) else None


async def is_flooded(tx: Transaction, kind: LetterKind, *about: Any) -> bool:  # noqa: ANN401  SQL conditions
    """True when enough letters of this kind were written in the past hour."""
    recent = AccountToken.created_at > tx.now - timedelta(hours=1)
    counted = (
        select(func.count())
        .select_from(AccountToken)
        .where(AccountToken.tenant_id == tx.tenant_id, AccountToken.kind == kind.value, recent, *about)
    )
    return int(await tx.value(counted)) >= LETTERS_AN_HOUR


async def held_token(tx: Transaction, kind: LetterKind, secret: str) -> Row[Any]:
    """The usable token with this secret, locked until the transaction ends. Raises TokenInvalid."""
    here = (
        AccountToken.tenant_id == tx.tenant_id,
        AccountToken.secret_hash == token_hash(secret[:_LONGEST_SECRET].encode("ascii", "replace").decode()),
        AccountToken.kind == kind.value,
        AccountToken.used_at.is_(None),
        AccountToken.expires_at > tx.now,
    )
    wanted = select(AccountToken.__table__).where(*here)
    row = await tx.first(wanted.with_for_update() if tx.write else wanted)
    if row is None:
        raise TokenInvalid
    return row


async def use_up(tx: Transaction, kind: LetterKind, *which: Any) -> None:  # noqa: ANN401  SQL conditions
    """These tokens have served."""
    here = (
        AccountToken.tenant_id == tx.tenant_id,
        AccountToken.kind == kind.value,
        AccountToken.used_at.is_(None),
    )
    await tx.run(
        update(AccountToken).where(*here, *which).values(used_at=tx.now, secret_hash=None, updated_at=tx.now)
    )
