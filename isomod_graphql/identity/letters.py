"""The secrets of letters, made at the moment of sending: an event carries ids only. Refuses a letter that nobody should get any more."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import select

from isomod_graphql.core.directory import account_of_address
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Store
from isomod_graphql.identity.accounts import address_hash, address_of
from isomod_graphql.identity.invitations import invited_address
from isomod_graphql.identity.models import AccountToken
from isomod_graphql.identity.one_use import Letter, LetterKind, arm, is_flooded, put_token, use_up

Write: TypeAlias = Callable[[Store, UUID, Mapping[str, UUID]], Awaitable[Letter | None]]
"""Takes the tenant of the event and its ids; may run twice, the later letter is the one that counts."""


async def issue_invitation(store: Store, tenant_id: UUID, person_id: UUID) -> Letter | None:
    """The letter to somebody who was invited; None when he or she came already, or may not any more."""
    async with store.transaction(tenant_id) as tx:
        address = await invited_address(tx, person_id)
    if address is None:
        return None
    about = (AccountToken.member_tenant_id == tenant_id, AccountToken.person_id == person_id)
    async with store.transaction(PLATFORM_TENANT, write=True) as tx:
        if await is_flooded(tx, LetterKind.INVITATION, *about):
            return None
        await use_up(tx, LetterKind.INVITATION, *about)
        token_id = await put_token(tx, LetterKind.INVITATION, member_tenant_id=tenant_id, person_id=person_id)
        armed = await arm(tx, token_id)
    return None if armed is None else Letter(LetterKind.INVITATION, address, *armed)


async def issue_password_reset(store: Store, account_id: UUID) -> Letter | None:
    """The letter with which a forgotten password is replaced; None for an account that is not there."""
    return await _to_account(store, account_id, LetterKind.RESET_PASSWORD)


async def issue_verification(store: Store, account_id: UUID) -> Letter | None:
    """The letter that proves that an address is the account's; None for an account that is not there."""
    return await _to_account(store, account_id, LetterKind.VERIFY_EMAIL)


async def issue_email_change(store: Store, account_token_id: UUID) -> Letter | None:
    """The letter to the new address, and who hears of it at the old one; None when the new one has an account."""
    async with store.transaction(PLATFORM_TENANT, write=True) as tx:
        here = (AccountToken.tenant_id == tx.tenant_id, AccountToken.id == account_token_id)
        row = await tx.first(
            select(AccountToken.account_id).where(*here, AccountToken.used_at.is_(None)).with_for_update()
        )
        if row is None:
            return None
        new, old = (
            (await tx.open_row(AccountToken, account_token_id))["new_email"],
            await address_of(tx, row.account_id),
        )
        if (
            new is None
            or old is None
            or await account_of_address(tx, await address_hash(tx, new)) is not None
        ):
            return None
        armed = await arm(tx, account_token_id)
    return None if armed is None else Letter(LetterKind.CHANGE_EMAIL, new, *armed, also_tell=old)


async def _to_account(store: Store, account_id: UUID, kind: LetterKind) -> Letter | None:
    async with store.transaction(PLATFORM_TENANT, write=True) as tx:
        address = await address_of(tx, account_id)
        about = AccountToken.account_id == account_id
        if address is None or await is_flooded(tx, kind, about):
            return None
        await use_up(tx, kind, about)
        armed = await arm(tx, await put_token(tx, kind, account_id=account_id))
    return None if armed is None else Letter(kind, address, *armed)


LETTERS: Final[Mapping[str, Write]] = MappingProxyType(
    {
        "identity.invitation": lambda store, tenant_id, ids: issue_invitation(
            store, tenant_id, ids["person_id"]
        ),
        "identity.password_reset_requested": lambda store, _, ids: issue_password_reset(
            store, ids["account_id"]
        ),
        "identity.verification_requested": lambda store, _, ids: issue_verification(store, ids["account_id"]),
        "identity.email_change_requested": lambda store, _, ids: issue_email_change(
            store, ids["account_token_id"]
        ),
    }
)
"""The event that asks for a letter, and who writes it."""
