"""Registering a program: never wider than who does it, never without a fresh proof, never changed; ended at once."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import BadInput, Forbidden, IsoModError, NotFound, StepUpRequired
from isomod_graphql.engine.viewer import GrantRefused, Viewer
from isomod_graphql.identity.principals import resolve_token
from isomod_graphql.partners.errors import InvalidClient
from isomod_graphql.partners.registration import disable_client, list_clients
from permissions.categories import Category
from permissions.caveats import UNRESTRICTED, Caveats
from permissions.decisions import DenialReason
from permissions.principals import Role, Scope
from tests.partners.house import HERE, READ, House, proven, trail


async def registered(eye: asyncpg.Connection, house: House) -> int:
    found: int = await eye.fetchval(
        "SELECT count(*) FROM partner_clients WHERE tenant_id = $1", house.world.tenant
    )
    return found


async def test_a_registration_is_kept_and_its_secret_is_not(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    caveats = Caveats(
        sites=frozenset({house.world.north}),
        networks=("192.0.2.0/24",),
        categories=frozenset({Category.IDENTITY}),
    )

    program = await house.program(READ | {Scope.PII_IDENTITY}, caveats)

    row = await owner_eye.fetchval("SELECT t::text FROM client_secrets t WHERE client_id = $1", program.id)
    async with house.store.transaction(house.world.tenant) as tx:
        (listed,) = await list_clients(tx, house.admin())
    assert (listed.name, listed.public_key, listed.scopes) == (
        "ERP",
        program.client_id,
        ["pii:identity", "work_orders:read"],
    )
    assert listed.caveats == {
        "sites": [str(house.world.north)], "networks": ["192.0.2.0/24"], "categories": ["IDENTITY"],
    }  # fmt: skip
    assert program.secret not in row
    assert await trail(owner_eye, house.world.tenant, "CLIENT_REGISTER") == [
        ("DONE", None, "PERSON", house.world.admin)
    ]


@pytest.mark.parametrize("role", [Role.MANAGER, Role.PRIVACY_OFFICER, Role.PARTNER])
async def test_only_who_manages_programs_registers_and_lists_them(
    house: House, owner_eye: asyncpg.Connection, role: Role
) -> None:
    viewer = proven(house.world.viewer(house.world.manager, role))

    with pytest.raises(Forbidden):
        await house.program(by=viewer)
    async with house.store.transaction(house.world.tenant) as tx:
        with pytest.raises(Forbidden):
            await list_clients(tx, viewer)

    assert await registered(owner_eye, house) == 0


async def test_registering_rotating_and_disabling_need_a_fresh_proof(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    program, plain = await house.program(), house.world.as_admin

    with pytest.raises(StepUpRequired):
        await house.program(by=plain)
    with pytest.raises(StepUpRequired):
        await house.rotate(program, by=plain)
    async with house.store.transaction(house.world.tenant, write=True) as tx:
        with pytest.raises(StepUpRequired):
            await disable_client(tx, plain, client_id=program.client_id)

    assert await registered(owner_eye, house) == 1
    assert (await house.prove(program.proof)).id == program.id


def token_of(viewer: Viewer, **caveats: object) -> Viewer:
    """A bearer token of the same person with these scopes and caveats."""
    scopes = READ | {Scope.ADMIN, Scope.PRIVACY_EXECUTE, Scope.USERS_READ}
    return Viewer.at(replace(viewer.principal, scopes=scopes, caveats=Caveats(**caveats)), viewer.now)  # type: ignore[arg-type]  # of their kind


async def test_nobody_registers_a_program_wider_than_the_own_powers(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    north = frozenset({house.world.north})
    at_north = Caveats(sites=north)
    local, whole = house.admin(sites=north), house.admin()
    until = Viewer.at(
        replace(
            whole.principal,
            grants=tuple(
                replace(grant, expires_at=house.now + timedelta(days=1)) for grant in whole.principal.grants
            ),
        ),
        house.now,
    )
    asked = {
        "every site": (local, READ, UNRESTRICTED, DenialReason.SITES),
        "for longer than the role": (until, READ, UNRESTRICTED, DenialReason.TIME_BOX),
        "a site that is none, as one that is": (local, READ, Caveats(sites=frozenset({uuid4()})), DenialReason.SITES),
        "another site": (local, READ, Caveats(sites=frozenset({house.world.south})), DenialReason.SITES),
        "a scope that the token lacks": (token_of(whole), frozenset({Scope.ASSETS_READ}), UNRESTRICTED, DenialReason.WIDER),
        "sites of a bound token": (token_of(whole, sites=north), READ, UNRESTRICTED, DenialReason.WIDER),
        "networks of a bound token": (token_of(whole, networks=("10.0.0.0/8",)), READ, UNRESTRICTED, DenialReason.WIDER),
        "longer than the token": (token_of(whole, not_after=house.now + timedelta(days=1)), READ, UNRESTRICTED, DenialReason.WIDER),
        "categories of a bound token": (token_of(whole, categories=frozenset()), READ, UNRESTRICTED, DenialReason.WIDER),
    }  # fmt: skip

    for who, scopes, caveats, reason in asked.values():
        with pytest.raises(GrantRefused) as refused:
            await house.program(scopes, caveats, by=who)
        assert refused.value.reason is reason
    assert await registered(owner_eye, house) == 0
    await house.program(READ, at_north, by=local)
    await house.program(READ, at_north, by=token_of(whole, sites=north))
    assert await registered(owner_eye, house) == 2


async def test_who_administers_one_site_gets_no_secret_of_a_program_of_every_site(house: House) -> None:
    program = await house.program()

    with pytest.raises(GrantRefused):
        await house.rotate(program, by=house.admin(sites=frozenset({house.world.north})))


async def test_what_a_program_cannot_be_registered_for(house: House, owner_eye: asyncpg.Connection) -> None:
    wrong: list[tuple[type[IsoModError], frozenset[Scope], Caveats, int]] = [
        (BadInput, frozenset(), UNRESTRICTED, 90),
        (BadInput, frozenset({Scope.ADMIN}), UNRESTRICTED, 90),
        (BadInput, frozenset({Scope.PRIVACY_EXECUTE}), UNRESTRICTED, 90),
        (BadInput, READ, UNRESTRICTED, 366),
        (BadInput, READ, UNRESTRICTED, 0),
        (NotFound, READ, Caveats(sites=frozenset({uuid4()})), 90),
        (NotFound, READ, Caveats(sites=frozenset({house.world.hall})), 90),
    ]

    for refusal, scopes, caveats, days in wrong:
        with pytest.raises(refusal):
            await house.program(scopes, caveats, days=days)

    assert await registered(owner_eye, house) == 0


async def test_a_disabled_program_and_its_tokens_are_dead_at_once_and_the_others_live(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    program, other = await house.program(), await house.program()
    token, others = await house.token(program), await house.token(other)

    await house.disable(program)
    await house.disable(program)

    assert await resolve_token(house.desk, token.secret, HERE) is None
    assert await resolve_token(house.desk, others.secret, HERE) is not None
    with pytest.raises(InvalidClient):
        await house.prove(program.proof)
    assert await trail(owner_eye, house.world.tenant, "CLIENT_DISABLE") == [
        ("DONE", None, "PERSON", house.world.admin)
    ]


async def test_a_registration_ends_on_its_day_with_every_token(house: House, clock: SettableClock) -> None:
    program = await house.program(days=1)

    clock.advance(timedelta(days=1) - timedelta(minutes=10))
    token = await house.token(program)
    assert token.lives == timedelta(minutes=10)
    clock.advance(timedelta(minutes=10))

    assert await resolve_token(house.desk, token.secret, HERE) is None
    with pytest.raises(InvalidClient):
        await house.prove(program.proof)


async def test_another_organisations_program_is_unknown(house: House, owner_eye: asyncpg.Connection) -> None:
    program = await house.program()
    stranger = Viewer.at(replace(house.admin().principal, tenant_id=uuid4()), house.now)
    await house.store.keystore.create_tenant(stranger.tenant_id)

    async with house.store.transaction(stranger.tenant_id, write=True) as tx:
        assert await list_clients(tx, stranger) == []
        with pytest.raises(NotFound):
            await disable_client(tx, stranger, client_id=program.client_id)

    assert (await house.prove(program.proof)).id == program.id
