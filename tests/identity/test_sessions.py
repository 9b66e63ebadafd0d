"""Sessions end when they should, are renewed when more is proven, and are shown to their owner alone."""

from datetime import timedelta

import pytest

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import NotFound, Unauthenticated
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.identity.accounts import close_account
from isomod_graphql.identity.devices import Device
from isomod_graphql.identity.errors import SessionRequired, SignInFailed
from isomod_graphql.identity.principals import resolve_session
from isomod_graphql.identity.proof import step_up
from isomod_graphql.identity.sessions import csrf_token, kill_all, kill_session, list_sessions, sign_out
from isomod_graphql.identity.sign_in import sign_in
from isomod_graphql.identity.sweeping import sweep
from permissions.principals import NOBODY, Assurance, Principal, Role
from tests.identity.conftest import PASSWORD, House


async def test_a_session_ends_after_half_an_hour_without_use(house: House, clock: SettableClock) -> None:
    secret = (await house.enter()).session.secret

    clock.advance(timedelta(minutes=29, seconds=59))
    assert await resolve_session(house.desk, secret) is not None
    clock.advance(timedelta(minutes=29, seconds=59))
    assert await resolve_session(house.desk, secret) is not None
    clock.advance(timedelta(minutes=30))
    assert await resolve_session(house.desk, secret) is None


async def test_a_session_ends_after_twelve_hours_however_busy(house: House, clock: SettableClock) -> None:
    secret = (await house.enter()).session.secret
    for _ in range(47):
        clock.advance(timedelta(minutes=15))
        assert await resolve_session(house.desk, secret) is not None

    clock.advance(timedelta(minutes=15))

    assert await resolve_session(house.desk, secret) is None


async def test_use_is_noted_at_most_once_a_minute(house: House, clock: SettableClock) -> None:
    signed_in = await house.enter()
    start = clock.now()

    clock.advance(timedelta(seconds=59))
    await resolve_session(house.desk, signed_in.session.secret)
    [early] = await list_sessions(house.desk, signed_in.principal)
    clock.advance(timedelta(seconds=1))
    await resolve_session(house.desk, signed_in.session.secret)
    [late] = await list_sessions(house.desk, signed_in.principal)

    assert (early.last_used_at, late.last_used_at) == (start, start + timedelta(seconds=60))


@pytest.mark.parametrize("secret", ["", "x", "é" * 43, "x" * 10_000, "\0"])
async def test_an_invented_secret_is_nobody(house: House, secret: str) -> None:
    assert await resolve_session(house.desk, secret) is None


async def test_signing_out_ends_this_session_alone(house: House) -> None:
    one, other = await house.enter(), await house.enter()

    await sign_out(house.desk, one.principal)

    assert await resolve_session(house.desk, one.session.secret) is None
    assert await resolve_session(house.desk, other.session.secret) == other.principal


async def test_the_owner_sees_where_a_session_comes_from(house: House) -> None:
    device = Device("198.51.100.7", "Firefox/140")
    signed_in = await sign_in(house.desk, email=house.founder_email, password=PASSWORD, device=device)

    [seen] = await list_sessions(house.desk, signed_in.principal)

    assert (seen.address, seen.user_agent, seen.current) == ("198.51.100.7", "Firefox/140", True)


async def test_nobody_ends_a_session_of_somebody_else(house: House) -> None:
    await house.member("bob@x.example" + house.slug, Role.VIEWER)
    bob, ann = await house.enter("bob@x.example" + house.slug), await house.enter()

    with pytest.raises(NotFound):
        await kill_session(house.desk, bob.principal, ann.session.session_id)

    assert await resolve_session(house.desk, ann.session.secret) == ann.principal
    assert [seen.id for seen in await list_sessions(house.desk, bob.principal)] == [bob.session.session_id]


async def test_all_sessions_but_this_one_end_together(house: House) -> None:
    here, there, elsewhere = await house.enter(), await house.enter(), await house.enter()

    ended = await kill_all(house.desk, here.principal)

    assert ended == 2
    assert await resolve_session(house.desk, here.session.secret) == here.principal
    assert await resolve_session(house.desk, there.session.secret) is None
    assert await resolve_session(house.desk, elsewhere.session.secret) is None


async def test_a_step_up_renews_the_secret_and_holds_ten_minutes(house: House, clock: SettableClock) -> None:
    before = await house.enter()

    after = await step_up(house.desk, before.principal, PASSWORD)

    principal = await resolve_session(house.desk, after.secret)
    assert principal is not None
    assert (principal.assurance, principal.stepped_up_until) == (
        Assurance.STEPPED_UP, clock.now() + timedelta(minutes=10),
    )  # fmt: skip
    assert principal.credential_id == before.session.session_id
    assert await resolve_session(house.desk, before.session.secret) is None
    assert after.csrf_token != before.session.csrf_token
    clock.advance(timedelta(minutes=10))
    later = await resolve_session(house.desk, after.secret)
    assert later is not None
    assert (later.assurance, later.stepped_up_until) == (Assurance.SESSION, None)


async def test_a_step_up_with_a_wrong_password_changes_nothing(house: House) -> None:
    before = await house.enter()

    for _ in range(6):
        with pytest.raises(SignInFailed):
            await step_up(house.desk, before.principal, "not-the-password-at-all")
    with pytest.raises(SignInFailed):
        await step_up(house.desk, before.principal, PASSWORD)

    assert await resolve_session(house.desk, before.session.secret) == before.principal


async def test_only_a_session_may_manage_sessions(house: House) -> None:
    token = Principal(
        kind="PERSON", account_id=house.founder_id, credential_id=house.founder_id, scopes=frozenset(),
        assurance=Assurance.TOKEN,
    )  # fmt: skip

    with pytest.raises(SessionRequired):
        await list_sessions(house.desk, token)
    with pytest.raises(Unauthenticated):
        await list_sessions(house.desk, NOBODY)


async def test_a_closed_account_has_no_sessions_and_no_sign_in(house: House) -> None:
    signed_in = await house.enter()
    account_id = signed_in.principal.account_id
    assert account_id is not None

    async with house.store.transaction(PLATFORM_TENANT, write=True) as tx:
        await close_account(tx, account_id)

    assert await resolve_session(house.desk, signed_in.session.secret) is None
    with pytest.raises(SignInFailed):
        await house.enter()


async def test_the_csrf_token_belongs_to_one_secret() -> None:
    assert csrf_token("a") == csrf_token("a")
    assert csrf_token("a") != csrf_token("b")
    assert len(csrf_token("a")) == 64


async def test_ended_sessions_are_swept_after_a_month(house: House, clock: SettableClock) -> None:
    signed_in = await house.enter()
    await sign_out(house.desk, signed_in.principal)

    clock.advance(timedelta(days=30))
    swept = await sweep(house.store)

    assert swept["sessions"] >= 1
    assert (await sweep(house.store))["sessions"] == 0
