"""Signing in: what comes back, and that every failure is the same answer at the same cost."""

from datetime import timedelta

import asyncpg
import pytest
from argon2 import PasswordHasher

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import NotFound
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.identity.accounts import account_with_address, address_hash
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.devices import Device
from isomod_graphql.identity.errors import SignInFailed
from isomod_graphql.identity.invitations import join
from isomod_graphql.identity.passwords import Argon2Passwords
from isomod_graphql.identity.principals import resolve_session
from isomod_graphql.identity.sign_in import memberships, sign_in, switch_tenant
from permissions.principals import Assurance, Role, RoleGrant
from tests.identity.conftest import PASSWORD, CountingPasswords, House, found_house

WRONG = "not-the-password-at-all"


async def failure(
    desk: Desk, email: str, password: str = WRONG, organisation: str | None = None
) -> tuple[str, str, str]:
    """What a failed sign-in tells."""
    with pytest.raises(SignInFailed) as failed:
        await sign_in(desk, email=email, password=password, organisation=organisation)
    return type(failed.value).__name__, failed.value.code, failed.value.message


async def test_the_right_password_opens_a_session_of_the_person(house: House) -> None:
    signed_in = await house.enter()

    principal = signed_in.principal
    assert (principal.kind, principal.tenant_id, principal.person_id) == (
        "PERSON",
        house.tenant_id,
        house.founder_id,
    )
    assert principal.grants == (RoleGrant(Role.ADMIN, None),)
    assert (principal.assurance, principal.scopes, principal.stepped_up_until) == (
        Assurance.SESSION,
        None,
        None,
    )
    assert [(at.slug, at.tenant_id) for at in signed_in.memberships] == [(house.slug, house.tenant_id)]
    assert await resolve_session(house.desk, signed_in.session.secret) == principal


async def test_the_address_is_compared_without_case(house: House) -> None:
    signed_in = await sign_in(house.desk, email=f" {house.founder_email.upper()}", password=PASSWORD)

    assert signed_in.principal.person_id == house.founder_id


async def test_unknown_wrong_disabled_and_strange_addresses_fail_alike(
    house: House, passwords: CountingPasswords
) -> None:
    before = passwords.verified

    answers = [
        await failure(house.desk, house.founder_email),
        await failure(house.desk, "nobody@nowhere.example"),
        await failure(house.desk, "not an address \ud800\0"),
        await failure(house.desk, house.founder_email, "x" * 10_000),
        await failure(house.desk, house.founder_email, "\ud800" * 20),
        await failure(house.desk, house.founder_email, PASSWORD, "no-such-house"),
    ]

    assert answers == [("SignInFailed", "INVALID_CREDENTIALS", SignInFailed.message)] * 6
    assert passwords.verified == before + 6
    assert passwords.hashed == 1


async def test_known_and_unknown_addresses_are_delayed_alike(
    house: House, passwords: CountingPasswords, clock: SettableClock
) -> None:
    for address in (house.founder_email, "nobody-2@nowhere.example"):
        for _ in range(6):
            await failure(house.desk, address)
    before = passwords.verified

    answers = [
        await failure(house.desk, house.founder_email, PASSWORD),
        await failure(house.desk, "nobody-2@nowhere.example"),
    ]

    assert answers[0] == answers[1]
    assert passwords.verified == before + 2
    clock.advance(timedelta(seconds=1))
    assert (await house.enter()).principal.person_id == house.founder_id


async def test_failures_and_successes_are_on_record_without_values(
    house: House, owner_eye: asyncpg.Connection, clock: SettableClock
) -> None:
    account = (await house.enter()).principal.account_id
    clock.advance(timedelta(seconds=1))
    await failure(house.desk, house.founder_email)

    rows = await owner_eye.fetch(
        "SELECT outcome, reason, fields FROM audit_entries WHERE tenant_id = $1 AND actor_id = $2 AND action = 'SIGN_IN'"
        " ORDER BY id", PLATFORM_TENANT, account,
    )  # fmt: skip

    assert [tuple(row) for row in rows] == [("DONE", None, []), ("DENIED", "INVALID_CREDENTIALS", [])]


async def test_no_address_agent_password_or_secret_is_stored_in_the_clear(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    device = Device("198.51.100.77", "Canary-Browser/9")
    signed_in = await sign_in(house.desk, email=house.founder_email, password=PASSWORD, device=device)

    stored = ""
    for table in ("accounts", "sign_in_sessions", "users", "directory", "people", "outbox", "audit_entries"):
        for row in await owner_eye.fetch(f"SELECT t::text FROM {table} t"):
            stored += row[0]
    found = [
        text for text in (house.founder_email, PASSWORD, signed_in.session.secret, signed_in.session.csrf_token,
                          device.address or "", device.user_agent or "")
        if text in stored or text.encode().hex() in stored
    ]  # fmt: skip

    assert found == []


async def test_a_weaker_hash_is_made_anew_at_the_next_sign_in(house: House) -> None:
    library = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    stronger = Desk(house.store, house.desk.settings, Argon2Passwords(library))

    await sign_in(stronger, email=house.founder_email, password=PASSWORD)

    async with house.store.transaction(PLATFORM_TENANT) as tx:
        account = await account_with_address(tx, await address_hash(tx, house.founder_email))
    assert account is not None
    assert account.password_hash is not None
    assert "m=16,t=2" in account.password_hash
    assert (await house.enter()).principal.person_id == house.founder_id


async def test_one_account_works_in_two_organisations_and_moves_between_them(house: House) -> None:
    other = await found_house(house.desk, "other")
    person = await other.invite(house.founder_email, Role.VIEWER)
    await join(other.desk, other.tenant_id, person, password=PASSWORD)
    here = await house.enter()
    assert {at.slug for at in await memberships(house.desk, here.principal)} == {house.slug, other.slug}

    moved = await switch_tenant(house.desk, here.principal, other.tenant_id)

    principal = await resolve_session(house.desk, moved.secret)
    assert principal is not None
    assert (principal.tenant_id, principal.person_id) == (other.tenant_id, person)
    assert principal.grants == (RoleGrant(Role.VIEWER, None),)
    assert await resolve_session(house.desk, here.session.secret) is None


async def test_nobody_moves_to_an_organisation_of_others(house: House) -> None:
    other = await found_house(house.desk, "other")
    here = await house.enter()

    with pytest.raises(NotFound):
        await switch_tenant(house.desk, here.principal, other.tenant_id)

    assert await resolve_session(house.desk, here.session.secret) == here.principal


async def test_an_organisation_is_chosen_by_its_slug(house: House) -> None:
    other = await found_house(house.desk, "other")
    person = await other.invite(house.founder_email, Role.VIEWER)
    await join(other.desk, other.tenant_id, person, password=PASSWORD)

    there = await sign_in(house.desk, email=house.founder_email, password=PASSWORD, organisation=other.slug)

    assert there.principal.tenant_id == other.tenant_id
