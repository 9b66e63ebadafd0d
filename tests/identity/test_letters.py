"""Letters carry a secret once, for half an hour, and nobody learns from them who has an account."""

import json
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import StepUpRequired
from isomod_graphql.core.ids import PLATFORM_TENANT, new_id
from isomod_graphql.identity.email_changes import (
    confirm_email_change,
    request_email_change,
    request_verification,
    spread_email,
    verify_email,
)
from isomod_graphql.identity.errors import SignInFailed, TokenInvalid, WeakPassword
from isomod_graphql.identity.invitations import accept_invitation
from isomod_graphql.identity.letters import LETTERS, issue_invitation, issue_password_reset
from isomod_graphql.identity.one_use import Letter, LetterKind
from isomod_graphql.identity.principals import resolve_session
from isomod_graphql.identity.recovery import change_password, request_password_reset, reset_password
from isomod_graphql.subjects.models import Person
from permissions.principals import Role
from tests.identity.conftest import PASSWORD, CountingPasswords, House, found_house

NEW = "violet-anchor-meadow-36"


async def post(house: House, owner_eye: asyncpg.Connection, kind: str, tenant_id: UUID) -> Letter | None:
    """What the worker writes for the newest event of this kind."""
    row = await owner_eye.fetchrow(
        "SELECT ids FROM outbox WHERE tenant_id = $1 AND kind = $2 ORDER BY age(xmin) LIMIT 1",
        tenant_id,
        kind,
    )
    ids = {name: UUID(value) for name, value in json.loads(row["ids"]).items()}
    return await LETTERS[kind](house.store, tenant_id, ids)


async def reset_letter(
    house: House, owner_eye: asyncpg.Connection, email: str | None = None
) -> Letter | None:
    await request_password_reset(house.desk, email=email or house.founder_email)
    return await post(house, owner_eye, "identity.password_reset_requested", PLATFORM_TENANT)


async def test_an_invitation_makes_a_member_with_a_password(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    bob = f"bob@{house.slug}.example"
    person_id = await house.invite(bob, Role.VIEWER)
    letter = await post(house, owner_eye, "identity.invitation", house.tenant_id)
    assert letter is not None
    assert (letter.kind, letter.address) == (LetterKind.INVITATION, bob)

    with pytest.raises(WeakPassword):
        await accept_invitation(house.desk, secret=letter.secret, password="aaaaaaaaaaaaaaaa")
    await accept_invitation(house.desk, secret=letter.secret, password=NEW)

    assert (await house.enter(bob, NEW)).principal.person_id == person_id
    with pytest.raises(TokenInvalid):
        await accept_invitation(house.desk, secret=letter.secret, password=NEW)
    assert await issue_invitation(house.store, house.tenant_id, person_id) is None


async def test_an_invitation_never_touches_the_password_of_an_account(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    other = await found_house(house.desk, "other")
    person_id = await other.invite(house.founder_email, Role.VIEWER)
    letter = await post(other, owner_eye, "identity.invitation", other.tenant_id)
    assert letter is not None

    with pytest.raises(SignInFailed):
        await accept_invitation(house.desk, secret=letter.secret, password=NEW)
    await accept_invitation(house.desk, secret=letter.secret, password=PASSWORD)

    assert (await other.enter(house.founder_email)).principal.person_id == person_id
    with pytest.raises(SignInFailed):
        await house.enter(password=NEW)


async def test_the_half_hour_counts_from_the_letter(
    house: House, owner_eye: asyncpg.Connection, clock: SettableClock
) -> None:
    await request_password_reset(house.desk, email=house.founder_email)
    clock.advance(timedelta(hours=3))
    letter = await post(house, owner_eye, "identity.password_reset_requested", PLATFORM_TENANT)
    assert letter is not None
    assert letter.expires_at == clock.now() + timedelta(minutes=30)

    clock.advance(timedelta(minutes=30))

    with pytest.raises(TokenInvalid):
        await reset_password(house.desk, secret=letter.secret, new=NEW)
    assert (await house.enter()).principal.person_id == house.founder_id


async def test_a_reset_works_while_throttled_ends_sessions_and_clears_the_delay(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    before = await house.enter()
    for _ in range(20):
        with pytest.raises(SignInFailed):
            await house.enter(password="not-the-password-at-all")
    letter = await reset_letter(house, owner_eye)
    assert letter is not None

    await reset_password(house.desk, secret=letter.secret, new=NEW)

    assert await resolve_session(house.desk, before.session.secret) is None
    assert (await house.enter(password=NEW)).principal.person_id == house.founder_id
    for old in (PASSWORD, "not-the-password-at-all"):
        with pytest.raises(SignInFailed):
            await house.enter(password=old)
    with pytest.raises(TokenInvalid):
        await reset_password(house.desk, secret=letter.secret, new=PASSWORD)


async def test_a_reset_for_an_unknown_address_looks_the_same_and_sends_nothing(
    house: House, owner_eye: asyncpg.Connection, passwords: CountingPasswords
) -> None:
    before = (passwords.verified, passwords.hashed)
    count = "SELECT count(*) FROM outbox WHERE kind = 'identity.password_reset_requested'"
    told = await owner_eye.fetchval(count)

    letter = await reset_letter(house, owner_eye, "nobody@nowhere.example")

    assert letter is None
    assert await owner_eye.fetchval(count) == told + 1
    assert (passwords.verified, passwords.hashed) == before


async def test_a_later_letter_replaces_an_earlier_one_and_five_an_hour_are_enough(
    house: House, owner_eye: asyncpg.Connection, clock: SettableClock
) -> None:
    letters = [await reset_letter(house, owner_eye) for _ in range(6)]

    assert [letter is None for letter in letters] == [False] * 5 + [True]
    first, last = letters[0], letters[4]
    assert first is not None
    assert last is not None
    with pytest.raises(TokenInvalid):
        await reset_password(house.desk, secret=first.secret, new=NEW)
    await reset_password(house.desk, secret=last.secret, new=NEW)
    clock.advance(timedelta(hours=1))
    assert await reset_letter(house, owner_eye) is not None


async def test_a_token_opens_its_own_door_only(house: House, owner_eye: asyncpg.Connection) -> None:
    letter = await reset_letter(house, owner_eye)
    assert letter is not None

    for act in (
        verify_email(house.desk, secret=letter.secret),
        confirm_email_change(house.desk, secret=letter.secret),
        accept_invitation(house.desk, secret=letter.secret, password=NEW),
        reset_password(house.desk, secret="\ud800" * 9, new=NEW),
        reset_password(house.desk, secret="", new=NEW),
    ):
        with pytest.raises(TokenInvalid):
            await act


async def test_nobody_gets_a_letter_without_an_account(house: House) -> None:
    assert await issue_password_reset(house.store, new_id(house.store.clock.now())) is None


async def test_changing_the_password_keeps_this_session_under_a_new_secret(house: House) -> None:
    here, there = await house.enter(), await house.enter()
    with pytest.raises(SignInFailed):
        await change_password(house.desk, here.principal, old="not-the-password-at-all", new=NEW)
    with pytest.raises(WeakPassword):
        await change_password(house.desk, here.principal, old=PASSWORD, new=house.founder_email)

    renewed = await change_password(house.desk, here.principal, old=PASSWORD, new=NEW)

    assert await resolve_session(house.desk, renewed.secret) == here.principal
    assert await resolve_session(house.desk, here.session.secret) is None
    assert await resolve_session(house.desk, there.session.secret) is None
    assert (await house.enter(password=NEW)).principal.person_id == house.founder_id


async def test_an_address_is_verified_by_its_letter(house: House, owner_eye: asyncpg.Connection) -> None:
    signed_in = await house.enter()
    account = signed_in.principal.account_id
    await owner_eye.execute("UPDATE accounts SET email_verified_at = NULL WHERE id = $1", account)
    await request_verification(house.desk, signed_in.principal)
    letter = await post(house, owner_eye, "identity.verification_requested", PLATFORM_TENANT)
    assert letter is not None

    await verify_email(house.desk, secret=letter.secret)

    query = "SELECT email_verified_at FROM accounts WHERE id = $1"
    assert await owner_eye.fetchval(query, account) == house.store.clock.now()


async def test_a_new_address_is_confirmed_there_and_told_to_the_old_one(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    new = f"ann.new@{house.slug}.example"
    await request_email_change(house.desk, await house.stepped_up(), new_email=new)
    letter = await post(house, owner_eye, "identity.email_change_requested", PLATFORM_TENANT)
    assert letter is not None
    assert (letter.address, letter.also_tell) == (new, house.founder_email)
    assert (await house.enter()).principal.person_id == house.founder_id

    await confirm_email_change(house.desk, secret=letter.secret)

    signed_in = await house.enter(new)
    assert signed_in.principal.person_id == house.founder_id
    with pytest.raises(SignInFailed):
        await house.enter(house.founder_email)
    assert signed_in.principal.account_id is not None
    for _ in range(2):
        await spread_email(house.store, signed_in.principal.account_id)
    async with house.store.transaction(house.tenant_id) as tx:
        assert (await tx.open_row(Person, house.founder_id))["email"] == new


async def test_a_taken_address_gets_the_same_answer_and_no_letter(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    other = await found_house(house.desk, "other")

    await request_email_change(house.desk, await house.stepped_up(), new_email=other.founder_email)

    assert await post(house, owner_eye, "identity.email_change_requested", PLATFORM_TENANT) is None
    assert (await house.enter()).principal.person_id == house.founder_id


async def test_an_address_is_changed_after_a_step_up_only(house: House) -> None:
    with pytest.raises(StepUpRequired):
        await request_email_change(house.desk, (await house.enter()).principal, new_email="new@x.example")
