"""The law of the throttle, and that it is no weapon: a stranger's failures never keep the owner out."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.identity.devices import Device, device_hash, new_device_token
from isomod_graphql.identity.errors import SignInFailed
from isomod_graphql.identity.principals import resolve_session
from isomod_graphql.identity.sign_in import SignedIn, sign_in
from isomod_graphql.identity.throttle import LONGEST_DELAY, Bucket, charge, delay_after
from tests.identity.conftest import PASSWORD, House

WRONG = "not-the-password-at-all"


async def fail(house: House, times: int) -> None:
    for _ in range(times):
        with pytest.raises(SignInFailed):
            await sign_in(house.desk, email=house.founder_email, password=WRONG)


@given(st.integers(min_value=0, max_value=10**9))
def test_the_delay_never_shrinks_and_never_exceeds_a_quarter_of_an_hour(failures: int) -> None:
    assert timedelta(0) <= delay_after(failures) <= delay_after(failures + 1) <= LONGEST_DELAY


def test_the_delays_are_the_ones_written_down() -> None:
    seconds = [int(delay_after(failures).total_seconds()) for failures in range(19)]

    assert seconds == [0] * 6 + [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


async def test_attempts_during_the_delay_do_not_prolong_it(house: House, clock: SettableClock) -> None:
    await fail(house, 6)
    await fail(house, 50)

    clock.advance(timedelta(seconds=1))

    assert (await house.enter()).principal.person_id == house.founder_id


async def test_a_hundred_attempts_at_once_count_as_a_hundred(house: House) -> None:
    bucket = Bucket(b"all at once 0001")

    async def attempt() -> bool:
        async with house.store.transaction(PLATFORM_TENANT, write=True) as tx:
            return await charge(tx, bucket)

    admitted = [await asyncio.gather(*(attempt() for _ in range(4))) for _ in range(25)]

    assert sum(sum(some) for some in admitted) == 6


async def test_a_day_without_failures_starts_the_count_afresh(house: House, clock: SettableClock) -> None:
    await fail(house, 6)
    clock.advance(timedelta(hours=24))

    await fail(house, 5)

    assert (await house.enter()).principal.person_id == house.founder_id


async def test_strangers_do_not_delay_a_device_that_signed_in_before(house: House) -> None:
    before = await house.enter()
    await fail(house, 20)

    known = Device(token=before.device_token)
    again: SignedIn = await sign_in(house.desk, email=house.founder_email, password=PASSWORD, device=known)

    assert again.device_token == before.device_token
    with pytest.raises(SignInFailed):
        await house.enter()


async def test_a_known_device_has_a_throttle_of_its_own(house: House) -> None:
    known = Device(token=(await house.enter()).device_token)
    for _ in range(6):
        with pytest.raises(SignInFailed):
            await sign_in(house.desk, email=house.founder_email, password=WRONG, device=known)

    with pytest.raises(SignInFailed):
        await sign_in(house.desk, email=house.founder_email, password=PASSWORD, device=known)

    assert (await house.enter()).principal.person_id == house.founder_id


async def test_a_session_keeps_working_while_strangers_guess(house: House) -> None:
    before = await house.enter()

    await fail(house, 20)

    assert await resolve_session(house.desk, before.session.secret) == before.principal


@given(st.text(max_size=80))
def test_an_invented_device_cookie_is_no_device(text: str) -> None:
    assert device_hash(b"k" * 32, b"hash", text) == b""


def test_a_device_cookie_holds_for_its_address_only() -> None:
    token = new_device_token(b"k" * 32, b"ann")

    assert len(device_hash(b"k" * 32, b"ann", token)) == 16
    assert device_hash(b"k" * 32, b"bob", token) == b""
    assert device_hash(b"l" * 32, b"ann", token) == b""
