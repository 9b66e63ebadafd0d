"""Two secrets are good while they are exchanged, never three, never none; the old one ends by itself or when it is told to."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import select

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import BadInput, Conflict, NotFound
from isomod_graphql.identity.token_format import CLIENT_PREFIX, is_well_formed
from isomod_graphql.partners.credentials import end_secret, secrets_of
from isomod_graphql.partners.errors import InvalidClient
from isomod_graphql.partners.models import ClientSecret
from tests.partners.house import House, Program, trail


async def good(house: House, program: Program) -> list[tuple[object, object]]:
    """When each was used last and when it ends, the oldest first."""
    async with house.store.transaction(house.world.tenant) as tx:
        found = (await secrets_of(tx, [program.id]))[program.id]
    return [(one.last_used_at, one.ends_at) for one in found]


async def end(house: House, program: Program, at: int) -> None:
    """Ends one of the good secrets, by its place from the oldest."""
    async with house.store.transaction(house.world.tenant, write=True) as tx:
        secret = (await secrets_of(tx, [program.id]))[program.id][at].id
        await end_secret(tx, house.admin(), client_id=program.client_id, secret_id=secret)


async def test_both_secrets_are_good_until_the_old_one_ends_by_itself(
    house: House, clock: SettableClock
) -> None:
    first = await house.program()
    clock.advance(timedelta(minutes=5))
    second = await house.rotate(first, days=7)
    ends = clock.now() + timedelta(days=7)

    await house.prove(first.proof)
    assert await good(house, first) == [(clock.now(), ends), (None, None)]
    clock.advance(timedelta(days=7) - timedelta(seconds=1))
    await house.prove(first.proof)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(InvalidClient):
        await house.prove(first.proof)
    await house.prove(second.proof)

    assert is_well_formed(second.secret, CLIENT_PREFIX)
    assert await good(house, first) == [(clock.now(), None)]


async def test_the_old_secret_ends_on_demand(
    house: House, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    first = await house.program()
    clock.advance(timedelta(minutes=5))
    second = await house.rotate(first)

    await end(house, first, 0)

    with pytest.raises(InvalidClient):
        await house.prove(first.proof)
    await house.prove(second.proof)
    assert [row[0] for row in await trail(owner_eye, house.world.tenant, "CLIENT_SECRET_END")] == ["DONE"]


async def test_a_secret_that_got_about_ends_with_its_rotation(house: House) -> None:
    first = await house.program()

    second = await house.rotate(first, days=-1)

    with pytest.raises(InvalidClient):
        await house.prove(first.proof)
    await house.prove(second.proof)


async def test_there_is_no_third_secret_and_the_last_one_does_not_end(
    house: House, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    first = await house.program()
    with pytest.raises(Conflict):
        await end(house, first, 0)
    clock.advance(timedelta(minutes=5))
    second = await house.rotate(first)

    with pytest.raises(Conflict):
        await house.rotate(first)

    assert len(await good(house, first)) == 2
    assert await owner_eye.fetchval("SELECT count(*) FROM client_secrets WHERE client_id = $1", first.id) == 2
    await house.prove(first.proof)
    await house.prove(second.proof)


async def test_two_rotations_at_once_make_one_secret(house: House) -> None:
    first = await house.program()

    done = await asyncio.gather(*[house.rotate(first) for _ in range(4)], return_exceptions=True)

    assert sorted(type(one).__name__ for one in done) == ["Conflict", "Conflict", "Conflict", "Program"]
    assert len(await good(house, first)) == 2


async def test_two_secrets_are_good_for_ninety_days_at_most(house: House) -> None:
    first = await house.program(days=365)

    with pytest.raises(BadInput):
        await house.rotate(first, days=90.1)

    await house.rotate(first, days=90)


async def test_a_disabled_program_gets_no_secret(house: House) -> None:
    program = await house.program()
    await house.disable(program)

    with pytest.raises(Conflict):
        await house.rotate(program)


async def test_a_secret_of_another_program_is_not_found(house: House) -> None:
    one, other = await house.program(), await house.program()
    async with house.store.transaction(house.world.tenant, write=True) as tx:
        theirs = await tx.value(select(ClientSecret.id).where(ClientSecret.client_id == other.id))
        with pytest.raises(NotFound):
            await end_secret(tx, house.admin(), client_id=one.client_id, secret_id=theirs)

    await house.prove(other.proof)


async def test_use_is_known_to_the_minute_and_written_once_in_it(house: House, clock: SettableClock) -> None:
    program = await house.program()
    began = clock.now()

    await house.prove(program.proof)
    clock.advance(timedelta(seconds=59))
    await house.prove(program.proof)
    assert await good(house, program) == [(began, None)]
    clock.advance(timedelta(seconds=1))
    await house.prove(program.proof)

    assert await good(house, program) == [(began + timedelta(minutes=1), None)]
