"""Bearer tokens: their form, their powers, their end; a token of one organisation is invisible in another."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import BadInput, NotFound, StepUpRequired
from isomod_graphql.engine.viewer import GrantRefused, Viewer
from isomod_graphql.identity.models import ApiToken
from isomod_graphql.identity.principals import resolve_token
from isomod_graphql.identity.token_format import ALPHABET, CLIENT_PREFIX, PREFIX, is_well_formed, new_secret
from isomod_graphql.identity.tokens import IssuedToken, create_token, list_tokens, revoke_token
from permissions.caveats import UNRESTRICTED, Caveats
from permissions.principals import Assurance, Role, RoleGrant, Scope
from permissions.purposes import Purpose
from tests.identity.conftest import House, found_house

HERE = "192.0.2.10"
READ = frozenset({Scope.WORK_ORDERS_READ})


async def issue(
    house: House,
    viewer: Viewer | None = None,
    *,
    scopes: frozenset[Scope] = READ,
    days: int = 30,
    caveats: Caveats = UNRESTRICTED,
) -> IssuedToken:
    viewer = viewer or await house.viewer()
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        end = viewer.now + timedelta(days=days)
        return await create_token(tx, viewer, label="script", scopes=scopes, expires_at=end, caveats=caveats)


@given(st.integers(min_value=0, max_value=44), st.sampled_from(ALPHABET + "_-é "))
def test_one_changed_character_is_noticed(at: int, sign: str) -> None:
    secret = new_secret()

    changed = secret[:at] + sign + secret[at + 1 :]

    assert is_well_formed(secret)
    assert is_well_formed(changed) == (changed == secret)


@given(st.text(max_size=60))
def test_an_invented_text_is_no_token(text: str) -> None:
    assert not is_well_formed(text)
    assert not is_well_formed(PREFIX + text)


def test_a_token_has_the_written_length_and_signs() -> None:
    secret = new_secret()

    assert secret.startswith("iso_live_")
    assert len(secret) == 9 + 30 + 6
    assert set(secret.removeprefix("iso_live_")) <= set(ALPHABET)
    assert not is_well_formed(secret, CLIENT_PREFIX)


async def test_a_token_acts_as_its_person_within_its_scopes(house: House, clock: SettableClock) -> None:
    issued = await issue(house)

    principal = await resolve_token(house.desk, issued.secret, HERE)

    assert principal is not None
    assert (principal.kind, principal.person_id, principal.tenant_id) == (
        "PERSON",
        house.founder_id,
        house.tenant_id,
    )
    assert (principal.scopes, principal.assurance, principal.purpose) == (
        READ,
        Assurance.TOKEN,
        Purpose.SERVICE,
    )
    assert principal.grants == (RoleGrant(Role.ADMIN, None),)
    assert principal.caveats == Caveats(not_after=clock.now() + timedelta(days=30))
    assert principal.credential_id == issued.id


async def test_whoever_signs_in_or_uses_a_token_was_seen(
    house: House, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    last, begin, seen = "SELECT last_seen_at FROM users WHERE id = $1", clock.now(), []
    token = await issue(house)
    seen.append(await owner_eye.fetchval(last, house.founder_id))

    for seconds in (600, 59, 1):
        clock.advance(timedelta(seconds=seconds))
        await resolve_token(house.desk, token.secret, HERE)
        seen.append(await owner_eye.fetchval(last, house.founder_id))

    assert [(at - begin).total_seconds() for at in seen] == [0, 600, 600, 660]


async def test_an_unknown_token_of_the_right_form_is_nobody(house: House) -> None:
    assert await resolve_token(house.desk, new_secret(), HERE) is None


async def test_a_token_ends_on_its_day(house: House, clock: SettableClock) -> None:
    issued = await issue(house, days=1)

    clock.advance(timedelta(days=1) - timedelta(seconds=1))
    assert await resolve_token(house.desk, issued.secret, HERE) is not None
    clock.advance(timedelta(seconds=1))
    assert await resolve_token(house.desk, issued.secret, HERE) is None


async def refused_uses(eye: asyncpg.Connection, token: IssuedToken) -> list[tuple[str, str, UUID]]:
    found = await eye.fetch(
        "SELECT outcome, reason, actor_id FROM audit_entries WHERE action = 'TOKEN_USE' AND entity_id = $1",
        token.id,
    )
    return [tuple(row) for row in found]


async def test_a_token_is_used_from_its_networks_only_and_an_attempt_is_on_record(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    issued = await issue(house, caveats=Caveats(networks=("192.0.2.0/24",)))

    assert await resolve_token(house.desk, issued.secret, HERE) is not None
    assert await resolve_token(house.desk, issued.secret, "198.51.100.1") is None
    assert await resolve_token(house.desk, issued.secret, None) is None
    assert await refused_uses(owner_eye, issued) == [("DENIED", "NETWORK", house.founder_id)] * 2


async def test_a_revoked_token_is_dead_at_once_and_out_of_the_directory(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    issued, viewer = await issue(house), await house.viewer()

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        await revoke_token(tx, viewer, token_id=issued.id)
        await revoke_token(tx, viewer, token_id=issued.id)

    assert await resolve_token(house.desk, issued.secret, HERE) is None
    assert await owner_eye.fetchval("SELECT count(*) FROM directory WHERE target_id = $1", issued.id) == 0


async def test_the_secret_is_not_stored(house: House, owner_eye: asyncpg.Connection) -> None:
    issued = await issue(house)

    row = await owner_eye.fetchval("SELECT t::text FROM api_tokens t WHERE id = $1", issued.id)

    assert issued.secret not in row
    assert issued.secret.encode().hex() not in row


async def test_making_a_token_needs_a_step_up_a_scope_and_at_most_a_year(house: House) -> None:
    plain = Viewer.at((await house.enter()).principal, house.store.clock.now())

    with pytest.raises(StepUpRequired):
        await issue(house, plain)
    for scopes, days in ((frozenset[Scope](), 30), (READ, 366), (READ, 0)):
        with pytest.raises(BadInput):
            await issue(house, scopes=scopes, days=days)

    async with house.store.transaction(house.tenant_id) as tx:
        assert await tx.value(select(func.count()).select_from(ApiToken)) == 0


async def test_a_token_makes_no_wider_token(house: House, clock: SettableClock) -> None:
    wide = frozenset({Scope.ADMIN, Scope.PRIVACY_EXECUTE})
    parent = await issue(house, scopes=wide, days=7, caveats=Caveats(networks=("192.0.2.0/24",)))
    principal = await resolve_token(house.desk, parent.secret, HERE)
    assert principal is not None
    viewer = Viewer.at(principal, clock.now())
    narrow = Caveats(networks=("192.0.2.0/25",))

    for scopes, caveats, days in (
        (READ, narrow, 1),
        (frozenset({Scope.ADMIN}), UNRESTRICTED, 1),
        (frozenset({Scope.ADMIN}), narrow, 8),
        (frozenset({Scope.PRIVACY_EXECUTE}), narrow, 1),
    ):
        with pytest.raises(GrantRefused):
            await issue(house, viewer, scopes=scopes, caveats=caveats, days=days)
    child = await issue(house, viewer, scopes=frozenset({Scope.ADMIN}), caveats=narrow, days=7)

    assert await resolve_token(house.desk, child.secret, HERE) is not None


async def test_a_person_lists_and_revokes_own_tokens_and_the_admin_all(house: House) -> None:
    bob = f"bob@{house.slug}.example"
    await house.member(bob, Role.VIEWER)
    ann_token, bob_token = await issue(house), await issue(house, await house.viewer(bob))
    viewer_bob, viewer_ann = await house.viewer(bob), await house.viewer()

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        mine = [row.id for row in await list_tokens(tx, viewer_bob)]
        every = {row.id for row in await list_tokens(tx, viewer_ann)}
        with pytest.raises(NotFound):
            await revoke_token(tx, viewer_bob, token_id=ann_token.id)

    assert mine == [bob_token.id]
    assert every == {ann_token.id, bob_token.id}
    assert await resolve_token(house.desk, ann_token.secret, HERE) is not None


async def test_tokens_of_one_organisation_are_invisible_in_another(house: House) -> None:
    other = await found_house(house.desk, "other")
    issued, stranger = await issue(house), await other.viewer()

    async with other.store.transaction(other.tenant_id, write=True) as tx:
        rows = await tx.all(select(ApiToken.id))
        with pytest.raises(NotFound):
            await revoke_token(tx, stranger, token_id=issued.id)

    assert rows == []
    assert await resolve_token(house.desk, issued.secret, HERE) is not None
