"""The address of an account: proven, changed, and carried into the organisations. Refuses to tell whether a new address is taken."""

from uuid import UUID

from sqlalchemy import select, update

from isomod_graphql.audit.service import record
from isomod_graphql.core.crypto import fold
from isomod_graphql.core.directory import Kind, enter, forget
from isomod_graphql.core.errors import KeyDestroyed, StepUpRequired
from isomod_graphql.core.events import tell
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Store
from isomod_graphql.core.tenancy import ConstraintConflict
from isomod_graphql.identity.accounts import account_by_id, address_hash, address_of, mark_verified
from isomod_graphql.identity.desk import Desk, as_account
from isomod_graphql.identity.errors import TokenInvalid
from isomod_graphql.identity.models import Account, AccountToken, User
from isomod_graphql.identity.one_use import LetterKind, held_token, put_token, use_up
from isomod_graphql.identity.sessions import memberships_of, require_session
from isomod_graphql.subjects.addresses import checked_email
from isomod_graphql.subjects.facts import is_erased
from isomod_graphql.subjects.models import Person
from isomod_graphql.subjects.service import person_email_index
from permissions.principals import Assurance, Principal


async def request_verification(desk: Desk, principal: Principal) -> None:
    """Asks for the letter that proves the account's address."""
    account_id, _ = require_session(principal)
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        await tell(tx, "identity.verification_requested", account_id=account_id)


async def verify_email(desk: Desk, *, secret: str) -> None:
    """The address is the account's. Raises TokenInvalid."""
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        token = await held_token(tx, LetterKind.VERIFY_EMAIL, secret)
        await mark_verified(tx, token.account_id)
        await use_up(tx, LetterKind.VERIFY_EMAIL, AccountToken.account_id == token.account_id)
        await record(tx, as_account(token.account_id), "EMAIL_VERIFY", entity=("Account", token.account_id))


async def request_email_change(desk: Desk, principal: Principal, *, new_email: str) -> None:
    """Asks for a letter to the new address, and one to the old that tells of it; the same answer when the new one is taken.

    Needs a step-up (ASVS 5.0 section 7.5). Raises BadInput, StepUpRequired, Unauthenticated, Forbidden (bearer token).
    """
    account_id, _ = require_session(principal)
    if principal.assurance < Assurance.STEPPED_UP:
        raise StepUpRequired
    new = checked_email(new_email, field="newEmail")
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        await use_up(tx, LetterKind.CHANGE_EMAIL, AccountToken.account_id == account_id)
        token_id = await put_token(tx, LetterKind.CHANGE_EMAIL, account_id=account_id, new_email=new)
        await record(tx, as_account(account_id), "EMAIL_CHANGE_REQUEST", entity=("Account", account_id))
        await tell(tx, "identity.email_change_requested", account_token_id=token_id)


async def confirm_email_change(desk: Desk, *, secret: str) -> None:
    """From now on the account signs in with the new address. Raises TokenInvalid, also when it was taken meanwhile."""
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        token = await held_token(tx, LetterKind.CHANGE_EMAIL, secret)
        account = await account_by_id(tx, token.account_id)
        new = (await tx.open_row(AccountToken, token.id))["new_email"]
        if account is None or new is None:
            raise TokenInvalid
        lookup_hash = await address_hash(tx, new)
        if lookup_hash != account.lookup_hash:
            if not await enter(tx, Kind.EMAIL, lookup_hash, account.id):
                raise TokenInvalid
            await forget(tx, Kind.EMAIL, account.lookup_hash, account.id)
        await tx.reseal(Account, account.id, {"email": new})
        here = (Account.tenant_id == tx.tenant_id, Account.id == account.id)
        changed = {"email_index": lookup_hash, "version": Account.version + 1, "updated_at": tx.now}
        await tx.run(update(Account).where(*here).values(changed | {"email_verified_at": tx.now}))
        for kind in (LetterKind.CHANGE_EMAIL, LetterKind.RESET_PASSWORD, LetterKind.VERIFY_EMAIL):
            await use_up(tx, kind, AccountToken.account_id == account.id)
        await record(
            tx, as_account(account.id), "EMAIL_CHANGE", entity=("Account", account.id), fields=["email"]
        )
        await tell(tx, "identity.email_changed", account_id=account.id)


async def spread_email(store: Store, account_id: UUID) -> None:
    """Writes the account's address to its person in every organisation; where another person has it, all stays as it was.

    May run twice. Runs when "identity.email_changed" was told.
    """
    async with store.transaction(PLATFORM_TENANT) as tx:
        email, members = await address_of(tx, account_id), await memberships_of(tx, account_id)
    if email is None:
        return
    for member in members:
        try:
            await _write(store, member.tenant_id, member.person_id, account_id, email)
        except (ConstraintConflict, KeyDestroyed):
            continue


async def _write(store: Store, tenant_id: UUID, person_id: UUID, account_id: UUID, email: str) -> None:
    async with store.transaction(tenant_id, write=True) as tx:
        wanted = (
            select(Person.flags)
            .join(User, (User.tenant_id == Person.tenant_id) & (User.id == Person.id))
            .where(Person.tenant_id == tx.tenant_id, Person.id == person_id, User.account_id == account_id)
        )
        row = await tx.first(wanted.with_for_update(of=Person))
        if row is None or is_erased(row.flags):
            return
        present = (await tx.open_row(Person, person_id))["email"]
        if present is not None and fold(present) == fold(email):
            return
        here = (Person.tenant_id == tx.tenant_id, Person.id == person_id)
        changed = {
            "email_index": person_email_index(tx, email),
            "version": Person.version + 1,
            "updated_at": tx.now,
        }
        await tx.run(update(Person).where(*here).values(changed))
        await tx.reseal(Person, person_id, {"email": email})
        actor = Principal(kind="PERSON", tenant_id=tenant_id, person_id=person_id, account_id=account_id)
        await record(tx, actor, "USER_UPDATE", entity=("User", person_id), fields=["email"])
        await tell(tx, "person.rectified", person_id=person_id)
