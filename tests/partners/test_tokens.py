"""Tokens of programs: for an hour, within the registration in every respect, revoked and looked into by their own program alone."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.identity.principals import resolve_token
from isomod_graphql.identity.token_format import new_secret
from isomod_graphql.identity.tokens import put_token
from isomod_graphql.partners import tokens
from isomod_graphql.partners.authentication import ProvenClient
from isomod_graphql.partners.errors import InvalidAuthorizationDetails, InvalidScope, OAuthRefusal
from isomod_graphql.partners.narrowing import Narrowing
from permissions.categories import Category
from permissions.caveats import UNRESTRICTED, Caveats, is_narrower
from permissions.decisions import vector_of
from permissions.disclosure import Level
from permissions.grants import CLIENT_ROLE, CLIENT_SCOPES, NAMED_SCOPES
from permissions.principals import Assurance, Principal, RoleGrant, Scope
from permissions.purposes import Purpose
from tests.partners.house import ELSEWHERE, HERE, READ, House, trail


async def holder(house: House, token: tokens.AccessToken, address: str = HERE) -> Principal:
    found = await resolve_token(house.desk, token.secret, address)
    assert found is not None
    return found


async def stored(eye: asyncpg.Connection, house: House) -> int:
    found: int = await eye.fetchval(
        "SELECT count(*) FROM api_tokens WHERE tenant_id = $1", house.world.tenant
    )
    return found


async def test_a_token_is_the_program_for_an_hour_within_its_registration(
    house: House, clock: SettableClock
) -> None:
    program = await house.program(READ | {Scope.ASSETS_READ}, purpose=Purpose.COMPLIANCE)
    registered_until = clock.now() + timedelta(days=90)

    token = await house.token(program, "work_orders:read")

    found = await holder(house, token)
    assert (found.kind, found.client_id, found.person_id) == ("CLIENT", program.id, None)
    assert (found.scopes, found.purpose, found.assurance) == (READ, Purpose.COMPLIANCE, Assurance.TOKEN)
    assert found.grants == (RoleGrant(CLIENT_ROLE, None, registered_until),)
    assert found.caveats == Caveats(not_after=clock.now() + timedelta(hours=1))
    assert token.lives == timedelta(hours=1)
    clock.advance(timedelta(hours=1) - timedelta(seconds=1))
    await holder(house, token)
    clock.advance(timedelta(seconds=1))
    assert await resolve_token(house.desk, token.secret, HERE) is None


async def test_without_a_scope_a_token_has_everything_but_personal_data(house: House) -> None:
    program = await house.program(READ | {Scope.PII_IDENTITY, Scope.PII_CONTACT, Scope.PII_TIME})

    assert (await house.token(program)).scopes == READ
    named = await house.token(program, "pii:contact work_orders:read")

    assert named.scopes == READ | {Scope.PII_CONTACT}


async def test_no_scope_shows_a_program_where_somebody_was_or_anything_else_that_is_not_named(
    house: House,
) -> None:
    program = await house.program(CLIENT_SCOPES)

    found = await holder(house, await house.token(program, " ".join(CLIENT_SCOPES)))

    vector = vector_of(found, house.now)
    shown = {category for category in Category if category in vector.readable and vector.ceiling(category)}
    assert shown == {Category.IDENTITY, Category.CONTACT, Category.TIME}
    assert vector.ceiling(Category.POSITION) is Level.HIDDEN


async def test_a_program_registered_for_personal_data_alone_has_to_name_it(house: House) -> None:
    program = await house.program(frozenset({Scope.PII_IDENTITY}))

    with pytest.raises(InvalidScope):
        await house.token(program)
    assert (await house.token(program, "pii:identity")).scopes == {Scope.PII_IDENTITY}


@pytest.mark.parametrize(
    "scope",
    [
        "assets:read",
        "work_orders:read assets:read",
        "admin",
        "privacy:execute",
        "nonsense",
        " ",
        "work_orders:read  ",
    ],
)
async def test_a_scope_beyond_the_registration_gets_no_token(
    house: House, owner_eye: asyncpg.Connection, scope: str
) -> None:
    program = await house.program()

    with pytest.raises(InvalidScope):
        await house.token(program, scope)

    assert await stored(owner_eye, house) == 0


async def test_a_token_is_narrowed_in_every_respect(house: House, clock: SettableClock) -> None:
    world = house.world
    both = Caveats(
        sites=frozenset({world.north, world.south}),
        networks=("192.0.2.0/24",),
        categories=frozenset({Category.IDENTITY, Category.TIME}),
    )
    program = await house.program(READ, both)
    asked = Narrowing(
        sites=frozenset({str(world.north)}),
        categories=frozenset({Category.TIME}),
        networks=("192.0.2.10/32",),
        expires_in=60,
    )

    token = await house.token(program, asked=asked)

    assert token.lives == timedelta(seconds=60)
    assert (await holder(house, token)).caveats == Caveats(
        sites=frozenset({world.north}), networks=("192.0.2.10/32",), not_after=clock.now() + timedelta(seconds=60),
        categories=frozenset({Category.TIME}),
    )  # fmt: skip
    assert await resolve_token(house.desk, token.secret, "192.0.2.11") is None
    clock.advance(timedelta(seconds=60))
    assert await resolve_token(house.desk, token.secret, HERE) is None


async def test_what_is_left_open_is_the_registrations(house: House, clock: SettableClock) -> None:
    bound = Caveats(sites=frozenset({house.world.north}), networks=("192.0.2.0/24",))
    program = await house.program(READ, bound)

    token = await house.token(program, asked=Narrowing(categories=frozenset()))

    assert (await holder(house, token)).caveats == replace(
        bound, not_after=clock.now() + timedelta(hours=1), categories=frozenset()
    )
    assert await resolve_token(house.desk, token.secret, ELSEWHERE) is None


async def test_nothing_wider_than_the_registration_is_made(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    world = house.world
    bound = Caveats(
        sites=frozenset({world.north}), networks=("192.0.2.0/24",), categories=frozenset({Category.IDENTITY})
    )
    program = await house.program(READ, bound)
    wider = [
        Narrowing(sites=frozenset({str(world.south)})),
        Narrowing(sites=frozenset({str(world.north), str(world.south)})),
        Narrowing(categories=frozenset({Category.IDENTITY, Category.CONTACT})),
        Narrowing(networks=("0.0.0.0/0",)),
        Narrowing(networks=("192.0.2.10/32", "198.51.100.0/24")),
    ]

    for asked in wider:
        with pytest.raises(InvalidAuthorizationDetails):
            await house.token(program, asked=asked)

    assert await stored(owner_eye, house) == 0


async def test_a_site_that_is_none_is_refused_also_where_every_site_is_registered(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    program = await house.program()

    for site in (uuid4(), house.world.hall):
        with pytest.raises(InvalidAuthorizationDetails):
            await house.token(program, asked=Narrowing(sites=frozenset({str(site)})))

    assert await stored(owner_eye, house) == 0


def proven_client(scopes: frozenset[Scope]) -> ProvenClient:
    return ProvenClient(UUID(int=1), UUID(int=2), "erp", "ERP", scopes, UNRESTRICTED)


@given(
    st.frozensets(st.sampled_from(sorted(CLIENT_SCOPES)), min_size=1),
    st.none() | st.lists(st.sampled_from(sorted(Scope)), max_size=4).map(" ".join),
)
def test_whatever_is_asked_a_token_has_what_was_asked_within_the_registration_or_is_not_made(
    registered: frozenset[Scope], asked: str | None
) -> None:
    try:
        given_scopes = tokens.scopes_of(asked, proven_client(registered))
    except OAuthRefusal:
        return

    assert given_scopes <= registered
    assert given_scopes
    assert given_scopes == (
        registered - NAMED_SCOPES if asked is None else {Scope(one) for one in asked.split()}
    )


async def test_a_token_that_was_put_wider_is_no_wider_than_its_registration(house: House) -> None:
    bound = Caveats(sites=frozenset({house.world.north}), networks=("192.0.2.0/24",))
    program = await house.program(READ, bound)
    async with house.store.transaction(house.world.tenant, write=True) as tx:
        wide = await put_token(
            tx, label="wide", scopes=frozenset(Scope), caveats=UNRESTRICTED, expires_at=house.now + timedelta(days=9),
            client_id=program.id,
        )  # fmt: skip

    found = await resolve_token(house.desk, wide.secret, HERE)

    assert found is not None
    assert found.scopes == READ
    assert is_narrower(found.caveats, bound)
    assert await resolve_token(house.desk, wide.secret, ELSEWHERE) is None


async def test_a_token_is_revoked_at_once_by_its_own_program(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    program = await house.program()
    token, other = await house.token(program), await house.token(program)
    client = await house.prove(program.proof)

    assert await tokens.revoke(house.desk, client, token.secret) is True
    assert await tokens.revoke(house.desk, client, token.secret) is False

    assert await resolve_token(house.desk, token.secret, HERE) is None
    await holder(house, other)
    assert await tokens.introspect(house.desk, client, token.secret) is None
    assert await trail(owner_eye, house.world.tenant, "CLIENT_TOKEN_REVOKE") == [
        ("DONE", None, "CLIENT", program.id)
    ]


async def test_another_programs_token_is_left_alone_and_unknown_and_the_attempt_is_on_record(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    one, other = await house.program(), await house.program()
    token = await house.token(one)
    client = await house.prove(other.proof)

    assert await tokens.revoke(house.desk, client, token.secret) is False
    assert await tokens.introspect(house.desk, client, token.secret) is None
    for unknown in (new_secret(), "nonsense", "", "\ud800"):
        assert await tokens.introspect(house.desk, client, unknown) is None

    await holder(house, token)
    denied = [("DENIED", "NOT_OWN", "CLIENT", other.id)]
    assert await trail(owner_eye, house.world.tenant, "CLIENT_TOKEN_REVOKE") == denied
    assert await trail(owner_eye, house.world.tenant, "CLIENT_TOKEN_INTROSPECT") == denied


async def test_introspection_says_what_a_live_token_may_and_when_it_ends(
    house: House, clock: SettableClock
) -> None:
    bound = Caveats(sites=frozenset({house.world.north}))
    program = await house.program(READ | {Scope.ASSETS_READ}, bound)
    token = await house.token(program, "assets:read", Narrowing(expires_in=600))
    client, issued_at = await house.prove(program.proof), clock.now()

    clock.advance(timedelta(seconds=599))
    known = await tokens.introspect(house.desk, client, token.secret)
    clock.advance(timedelta(seconds=1))

    ends = issued_at + timedelta(seconds=600)
    assert known == tokens.KnownToken(
        frozenset({Scope.ASSETS_READ}), replace(bound, not_after=ends), issued_at, ends
    )
    assert await tokens.introspect(house.desk, client, token.secret) is None


async def test_tokens_that_ended_a_day_ago_are_removed_when_the_program_gets_another(
    house: House, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    program = await house.program()
    await house.token(program)
    await house.token(program)
    clock.advance(timedelta(hours=24, minutes=59))
    await house.token(program)
    assert await stored(owner_eye, house) == 3

    clock.advance(timedelta(minutes=1))
    await house.token(program)

    assert await stored(owner_eye, house) == 2
    lines = "SELECT count(*) FROM directory WHERE tenant_id = $1 AND kind = 'TOKEN'"
    assert await owner_eye.fetchval(lines, house.world.tenant) == 2
