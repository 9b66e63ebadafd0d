"""A remembered principal: no look-up within five seconds, none of it after a change, and never for another address."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.identity.callers import Callers
from isomod_graphql.identity.sessions import sign_out
from permissions.caveats import Caveats
from tests.identity.conftest import House
from tests.identity.test_tokens import HERE, issue


async def revoke_behind(owner_eye: asyncpg.Connection) -> None:
    """What another process would do: a change that this one is not told of."""
    await owner_eye.execute("UPDATE sign_in_sessions SET revoked_at = created_at")


async def test_a_change_of_another_process_is_seen_after_five_seconds(
    house: House, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    callers, signed_in = Callers(house.desk), await house.enter()
    assert await callers.by_session(signed_in.session.secret) == signed_in.principal
    await revoke_behind(owner_eye)

    clock.advance(timedelta(seconds=4, milliseconds=999))
    assert await callers.by_session(signed_in.session.secret) == signed_in.principal
    clock.advance(timedelta(milliseconds=1))
    assert await callers.by_session(signed_in.session.secret) is None


async def test_a_change_of_this_process_is_seen_at_once(house: House) -> None:
    callers, signed_in = Callers(house.desk), await house.enter()
    await callers.by_session(signed_in.session.secret)

    await sign_out(house.desk, signed_in.principal)
    callers.forget()

    assert await callers.by_session(signed_in.session.secret) is None


async def test_an_answer_under_way_during_a_change_is_not_remembered(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    callers, signed_in = Callers(house.desk), await house.enter()

    asked = asyncio.ensure_future(callers.by_session(signed_in.session.secret))
    await asyncio.sleep(0)
    callers.forget()
    assert await asked == signed_in.principal
    await revoke_behind(owner_eye)

    assert await callers.by_session(signed_in.session.secret) is None


async def test_looking_at_a_session_is_no_use_of_it_and_keeps_no_use_from_being_one(
    house: House, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    callers, signed_in = Callers(house.desk), await house.enter()
    used, mine = "SELECT last_used_at FROM sign_in_sessions WHERE id = $1", signed_in.principal.credential_id
    begin = await owner_eye.fetchval(used, mine)
    clock.advance(timedelta(minutes=2))

    seen = await callers.by_session(signed_in.session.secret, used=False)
    after_a_look = await owner_eye.fetchval(used, mine)
    await callers.by_session(signed_in.session.secret)

    assert seen == signed_in.principal
    assert after_a_look == begin
    assert await owner_eye.fetchval(used, mine) == begin + timedelta(minutes=2)


async def test_a_token_is_remembered_for_its_address_only(house: House) -> None:
    callers, token = Callers(house.desk), await issue(house, caveats=Caveats(networks=("192.0.2.0/24",)))

    assert await callers.by_token(token.secret, HERE) is not None
    assert await callers.by_token(token.secret, "198.51.100.1") is None
    assert await callers.by_token("iso_live_" + "0" * 36, HERE) is None


async def test_the_oldest_is_forgotten_first(house: House, owner_eye: asyncpg.Connection) -> None:
    callers = Callers(house.desk, size=1)
    one, other = await house.enter(), await house.enter()
    await callers.by_session(one.session.secret)
    await callers.by_session(other.session.secret)

    await revoke_behind(owner_eye)

    assert await callers.by_session(other.session.secret) == other.principal
    assert await callers.by_session(one.session.secret) is None


def test_nobody_is_remembered_longer_than_five_seconds(house: House) -> None:
    with pytest.raises(ValueError, match="five seconds"):
        Callers(house.desk, memory=timedelta(seconds=6))


async def test_many_who_ask_at_once_share_one_look_up(house: House, clock: SettableClock) -> None:
    callers, signed_in = Callers(house.desk), await house.enter()
    secret = signed_in.session.secret

    first = await asyncio.gather(*[callers.by_session(secret) for _ in range(5)])
    clock.advance(timedelta(seconds=5))
    second = await asyncio.gather(*[callers.by_session(secret) for _ in range(5)])

    assert first == second == [signed_in.principal] * 5
    assert [len({id(found) for found in answers}) for answers in (first, second)] == [1, 1]
    assert first[0] is not second[0]


async def test_nobody_joins_a_look_up_that_began_before_a_change(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    callers, signed_in = Callers(house.desk), await house.enter()

    before = asyncio.ensure_future(callers.by_session(signed_in.session.secret))
    await asyncio.sleep(0)
    await revoke_behind(owner_eye)
    callers.forget()
    after = await callers.by_session(signed_in.session.secret)
    await before

    assert after is None
    assert await callers.by_session(signed_in.session.secret) is None


async def test_nobody_joins_a_look_up_that_takes_longer_than_the_memory(
    house: House, clock: SettableClock
) -> None:
    callers, signed_in = Callers(house.desk), await house.enter()

    first = asyncio.ensure_future(callers.by_session(signed_in.session.secret))
    await asyncio.sleep(0)
    clock.advance(timedelta(seconds=5))
    second = await callers.by_session(signed_in.session.secret)

    assert await first == second == signed_in.principal
    assert await first is not second


async def test_one_who_leaves_takes_nobody_along(house: House) -> None:
    callers, signed_in = Callers(house.desk), await house.enter()

    leaving = asyncio.ensure_future(callers.by_session(signed_in.session.secret))
    staying = asyncio.ensure_future(callers.by_session(signed_in.session.secret))
    await asyncio.sleep(0)
    leaving.cancel()

    assert await staying == signed_in.principal
    assert leaving.cancelled()


async def test_a_look_up_that_fails_lets_nobody_in(house: House, urls: Urls) -> None:
    signed_in = await house.enter()
    away = replace(urls, main="postgresql+asyncpg://nobody@127.0.0.1:1/away")
    store = open_store(Settings(pool_size=1), away, house.store.clock)
    callers = Callers(replace(house.desk, store=store))

    asked = [callers.by_session(signed_in.session.secret) for _ in range(3)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    again = await asyncio.gather(callers.by_session(signed_in.session.secret), return_exceptions=True)
    await store.close()

    assert [isinstance(answer, Exception) for answer in (*answers, *again)] == [True] * 4
