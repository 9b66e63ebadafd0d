"""Nothing that is given is more than its giver holds: roles given back, tokens that give roles."""

from dataclasses import replace
from uuid import UUID

import pytest

from isomod_graphql.core.errors import StaleVersion
from isomod_graphql.engine.viewer import GrantRefused, Viewer
from isomod_graphql.identity.memberships import deactivate_user, invite_again, reactivate_user
from isomod_graphql.identity.roles import GivenRole, assign_role, hand_over_admin
from isomod_graphql.locations.input import NewLocation
from isomod_graphql.locations.service import create_location
from permissions.decisions import DenialReason
from permissions.principals import Role, Scope
from tests.identity.conftest import House
from tests.identity.test_memberships import bob_of, roles_of, status_of


async def site_of(house: House) -> UUID:
    """A site of the organisation."""
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        return await create_location(tx, await house.viewer(), given=NewLocation(name="Gent"))


async def local_admin(house: House, site: UUID) -> Viewer:
    """Somebody who administers one site."""
    cara = await house.member("cara@acme.example", Role.VIEWER)
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        given = GivenRole(Role.ADMIN, site)
        await assign_role(tx, await house.viewer(), person_id=cara, given=given)
    return await house.viewer("cara@acme.example")


async def test_who_administers_a_site_takes_back_nobody_who_held_more(house: House) -> None:
    bob, founder = await house.member(bob_of(house), Role.MANAGER), await house.viewer()
    local = await local_admin(house, await site_of(house))
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        await deactivate_user(tx, founder, person_id=bob)

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        with pytest.raises(GrantRefused) as refused:
            await reactivate_user(tx, local, person_id=bob)

    assert refused.value.reason is DenialReason.SITES
    assert await status_of(house, bob) == "DEACTIVATED"
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        await reactivate_user(tx, founder, person_id=bob)
    assert await status_of(house, bob) == "ACTIVE"


async def test_who_administers_a_site_sends_no_second_letter_for_more(house: House) -> None:
    bob = await house.invite(bob_of(house), Role.MANAGER)
    local = await local_admin(house, await site_of(house))

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        with pytest.raises(GrantRefused):
            await invite_again(tx, local, person_id=bob)

    assert await status_of(house, bob) == "INVITED"


async def test_a_narrowed_token_gives_no_role_that_is_more(house: House) -> None:
    bob, founder = await house.member(bob_of(house), Role.VIEWER), await house.viewer()
    token = replace(founder.principal, scopes=frozenset({Scope.ADMIN, Scope.USERS_WRITE}))

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        with pytest.raises(GrantRefused) as refused:
            await assign_role(tx, Viewer.at(token, founder.now), person_id=bob, given=GivenRole(Role.MANAGER))

    assert refused.value.reason is DenialReason.WIDER
    assert await roles_of(house, bob) == {"VIEWER"}


async def test_a_membership_that_changed_meanwhile_is_neither_handed_over_nor_invited_again(
    house: House,
) -> None:
    bob, founder = await house.member(bob_of(house), Role.VIEWER), await house.viewer()
    later = await house.invite("dora@acme.example", Role.VIEWER)

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        with pytest.raises(StaleVersion):
            await hand_over_admin(tx, founder, person_id=bob, expected_version=99)
        with pytest.raises(StaleVersion):
            await invite_again(tx, founder, person_id=later, expected_version=99)

    assert await roles_of(house, house.founder_id) == {"ADMIN"}
