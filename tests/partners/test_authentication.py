"""Proving a secret: every refusal is one answer after the same statements, counted per program and address, and on record."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.identity.token_format import CLIENT_PREFIX, new_secret
from isomod_graphql.partners.authentication import ClientProof
from isomod_graphql.partners.errors import InvalidClient, OAuthRefusal, TemporarilyUnavailable
from permissions.caveats import Caveats
from tests.partners.house import ELSEWHERE, HERE, ISSUE, House, Program, trail


async def refused(house: House, proof: ClientProof, address: str | None = HERE) -> OAuthRefusal:
    with pytest.raises(OAuthRefusal) as refusal:
        await house.prove(proof, address)
    return refusal.value


async def ways_to_fail(house: House) -> dict[str, tuple[Program, ClientProof, str | None]]:
    """By the reason in the trail: whose program it is, what is shown, and from where."""
    sound, ended = await house.program(), await house.program(days=1)
    disabled, bound = await house.program(), await house.program(caveats=Caveats(networks=("192.0.2.0/24",)))
    await house.disable(disabled)
    return {
        "INVALID_CREDENTIALS": (sound, ClientProof(sound.client_id, new_secret(CLIENT_PREFIX)), HERE),
        "EXPIRED": (ended, ended.proof, HERE),
        "DISABLED": (disabled, disabled.proof, HERE),
        "NETWORK": (bound, bound.proof, ELSEWHERE),
    }


async def test_every_refusal_is_one_answer_and_on_record_with_its_reason(
    house: House, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    ways = await ways_to_fail(house)
    clock.advance(timedelta(days=1))

    answers = {reason: await refused(house, proof, address) for reason, (_, proof, address) in ways.items()}

    assert {(type(one), one.status, one.error, one.description) for one in answers.values()} == {
        (InvalidClient, 401, "invalid_client", "The client could not be authenticated.")
    }
    assert await trail(owner_eye, house.world.tenant, ISSUE) == sorted(
        ("DENIED", reason, "CLIENT", program.id) for reason, (program, _, _) in ways.items()
    )


async def test_an_unknown_program_is_refused_alike_and_is_on_record_with_the_platform(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    before = await trail(owner_eye, PLATFORM_TENANT, ISSUE)

    for client_id in ("nobody", "", "x" * 5_000, "\0", "é", "\ud800"):
        assert type(await refused(house, ClientProof(client_id, new_secret(CLIENT_PREFIX)))) is InvalidClient
    assert type(await refused(house, ClientProof("nobody", "\ud800"))) is InvalidClient

    after = await trail(owner_eye, PLATFORM_TENANT, ISSUE)
    assert after == sorted([*before, *[("DENIED", "INVALID_CREDENTIALS", "NOBODY", None)] * 7], key=str)


@contextmanager
def statements(house: House) -> Iterator[list[str]]:
    """What is sent to the main database meanwhile, values left out."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:  # noqa: ANN401  SQLAlchemy's hook
        sent.append(statement)

    engines = {house.store.main.engine.sync_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield sent
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


async def test_an_unknown_program_costs_the_same_statements_as_a_wrong_secret(house: House) -> None:
    program = await house.program()
    wrong = new_secret(CLIENT_PREFIX)

    with statements(house) as of_known:
        await refused(house, ClientProof(program.client_id, wrong))
    with statements(house) as of_unknown:
        await refused(house, ClientProof("nobody-of-this-name", wrong))

    assert of_known == of_unknown
    assert len(of_known) > 4


async def test_after_five_failures_from_one_address_the_right_secret_waits_there_and_nowhere_else(
    house: House, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    program = await house.program()
    wrong = ClientProof(program.client_id, new_secret(CLIENT_PREFIX))

    answers = [await refused(house, wrong) for _ in range(7)]
    waiting = await refused(house, program.proof)
    elsewhere = await house.prove(program.proof, ELSEWHERE)
    clock.advance(timedelta(seconds=1))
    here = await house.prove(program.proof)

    assert [type(one) for one in answers] == [InvalidClient] * 6 + [TemporarilyUnavailable]
    assert (waiting.status, waiting.error, waiting.headers) == (
        429,
        "temporarily_unavailable",
        {"retry-after": "1"},
    )
    assert elsewhere == here
    reasons = [reason for _, reason, _, _ in await trail(owner_eye, house.world.tenant, ISSUE)]
    assert reasons == ["INVALID_CREDENTIALS"] * 6 + ["THROTTLED"] * 2


async def test_the_delay_grows_and_a_success_ends_it(house: House, clock: SettableClock) -> None:
    program = await house.program()
    wrong = ClientProof(program.client_id, new_secret(CLIENT_PREFIX))
    for _ in range(6):
        await refused(house, wrong)
    clock.advance(timedelta(seconds=1))

    assert type(await refused(house, wrong)) is InvalidClient
    longer = await refused(house, wrong)
    assert longer.headers == {"retry-after": "2"}
    clock.advance(timedelta(seconds=2))
    await house.prove(program.proof)

    assert [type(await refused(house, wrong)) for _ in range(6)] == [InvalidClient] * 6


async def test_a_program_comes_from_its_networks_only(house: House) -> None:
    program = await house.program(caveats=Caveats(networks=("192.0.2.0/24", "2001:db8::/32")))

    assert (await house.prove(program.proof, "192.0.2.255")).id == program.id
    assert (await house.prove(program.proof, "::ffff:192.0.2.1")).id == program.id
    assert (await house.prove(program.proof, "2001:db8::1")).id == program.id
    for address in (ELSEWHERE, "192.0.3.1", "::", "", None):
        assert type(await refused(house, program.proof, address)) is InvalidClient
