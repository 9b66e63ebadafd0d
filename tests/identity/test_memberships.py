"""People come, change roles and go; the organisation always keeps somebody who can run it."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import (
    BadInput,
    NotFound,
    ProcessingRestricted,
    Refusal,
    SoleAdmin,
    StaleVersion,
)
from isomod_graphql.engine.viewer import ActionForbidden, GrantRefused, Viewer
from isomod_graphql.identity.errors import AlreadyMember, RoleHeld
from isomod_graphql.identity.memberships import (
    deactivate_user,
    invite_again,
    invite_user,
    leave_tenant,
    reactivate_user,
    seclude,
)
from isomod_graphql.identity.models import GrantRow, User
from isomod_graphql.identity.principals import resolve_session, resolve_token
from isomod_graphql.identity.roles import GivenRole, assign_role, hand_over_admin, remove_role
from isomod_graphql.identity.sign_in import memberships
from isomod_graphql.identity.sweeping import forget_membership
from isomod_graphql.identity.tokens import create_token
from isomod_graphql.subjects.facts import restriction_bits
from isomod_graphql.subjects.models import Person
from permissions.categories import Category
from permissions.decisions import DenialReason
from permissions.principals import Role, Scope
from tests.identity.conftest import House, found_house


async def restrict(house: House, person_id: UUID) -> None:
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        here = (Person.tenant_id == tx.tenant_id, Person.id == person_id)
        await tx.run(update(Person).where(*here).values(flags=restriction_bits([Category.IDENTITY])))


async def roles_of(house: House, person_id: UUID) -> set[str]:
    async with house.store.transaction(house.tenant_id) as tx:
        here = (GrantRow.tenant_id == tx.tenant_id, GrantRow.person_id == person_id)
        return {row.role for row in await tx.all(select(GrantRow.role).where(*here))}


async def status_of(house: House, person_id: UUID) -> str:
    async with house.store.transaction(house.tenant_id) as tx:
        here = (User.tenant_id == tx.tenant_id, User.id == person_id)
        status: str = await tx.value(select(User.status).where(*here))
        return status


def bob_of(house: House) -> str:
    return f"bob@{house.slug}.example"


async def test_an_invited_person_has_a_number_by_the_first_role(house: House) -> None:
    roles = (Role.TECHNICIAN, Role.TECHNICIAN, Role.REQUESTER, Role.MANAGER)

    people = [await house.invite(f"person-{at}@{house.slug}.example", role) for at, role in enumerate(roles)]

    async with house.store.transaction(house.tenant_id) as tx:
        rows = [
            await tx.first(select(Person.kind, Person.pseudonym_number).where(Person.id == at))
            for at in people
        ]

    assert [tuple(row or ()) for row in rows] == [
        ("TECHNICIAN", 1), ("TECHNICIAN", 2), ("REQUESTER", 1), ("COLLEAGUE", 2),
    ]  # fmt: skip
    assert [await status_of(house, at) for at in people] == ["INVITED"] * 4


async def test_the_same_address_is_invited_once(house: House) -> None:
    await house.invite(bob_of(house), Role.VIEWER)

    with pytest.raises(AlreadyMember):
        await house.invite(bob_of(house).upper(), Role.MANAGER)


@pytest.mark.parametrize(
    ("email", "code"),
    [
        *((text, "BAD_USER_INPUT") for text in ("", "x", "a@b", "a b@c.example", "a@b..example", "é" * 260)),
        ("j•••@•••", "MASKED_VALUE_REJECTED"),
    ],
)
async def test_what_is_no_address_is_not_invited(house: House, email: str, code: str) -> None:
    viewer = await house.viewer()

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        with pytest.raises(Refusal) as refused:
            await invite_user(tx, viewer, email=email, name="Bob", roles=[GivenRole(Role.VIEWER)])

    assert (refused.value.code, refused.value.field) == (code, "email")


async def test_who_may_not_invite_leaves_nothing_behind(house: House) -> None:
    await house.member(bob_of(house), Role.MANAGER)
    viewer = await house.viewer(bob_of(house))

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        with pytest.raises(ActionForbidden):
            await invite_user(tx, viewer, email="c@x.example", name="C", roles=[GivenRole(Role.VIEWER)])
        people = await tx.all(select(Person.id))

    assert len(people) == 2


async def test_nobody_gives_a_role_to_oneself(house: House) -> None:
    viewer = await house.viewer()

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        with pytest.raises(GrantRefused) as refused:
            await assign_role(tx, viewer, person_id=house.founder_id, given=GivenRole(Role.PRIVACY_OFFICER))

    assert refused.value.reason is DenialReason.SELF_GRANT
    assert await roles_of(house, house.founder_id) == {"ADMIN"}


async def test_roles_work_from_the_next_request_and_end_by_themselves(
    house: House, clock: SettableClock
) -> None:
    bob = await house.member(bob_of(house), Role.VIEWER)
    session, viewer = (await house.enter(bob_of(house))).session, await house.viewer()
    end = clock.now() + timedelta(minutes=20)

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        await assign_role(tx, viewer, person_id=bob, given=GivenRole(Role.AUDITOR, None, end))
    during = await resolve_session(house.desk, session.secret)
    clock.advance(timedelta(minutes=20))
    after = await resolve_session(house.desk, session.secret)

    assert during is not None
    assert after is not None
    assert {grant.role for grant in during.grants} == {Role.AUDITOR, Role.VIEWER}
    assert {grant.role for grant in after.grants} == {Role.VIEWER}


async def test_a_role_is_refused_twice_without_its_end_where_no_site_is_or_to_no_person(house: House) -> None:
    bob, viewer = await house.member(bob_of(house), Role.VIEWER), await house.viewer()
    for given, refusal in (
        (GivenRole(Role.VIEWER), RoleHeld),
        (GivenRole(Role.AUDITOR), GrantRefused),
        (GivenRole(Role.PARTNER), BadInput),
        (GivenRole(Role.MANAGER, None, viewer.now), BadInput),
        (GivenRole(Role.MANAGER, house.founder_id), NotFound),
    ):
        async with house.store.transaction(house.tenant_id, write=True) as tx:
            with pytest.raises(refusal):
                await assign_role(tx, viewer, person_id=bob, given=given)

    assert await roles_of(house, bob) == {"VIEWER"}


async def test_a_restricted_person_gets_no_role_and_is_not_taken_back(house: House) -> None:
    bob, viewer = await house.member(bob_of(house), Role.VIEWER), await house.viewer()
    await restrict(house, bob)

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        with pytest.raises(ProcessingRestricted):
            await assign_role(tx, viewer, person_id=bob, given=GivenRole(Role.MANAGER))
        await deactivate_user(tx, viewer, person_id=bob)
        with pytest.raises(ProcessingRestricted):
            await reactivate_user(tx, viewer, person_id=bob)

    assert await status_of(house, bob) == "DEACTIVATED"


async def test_deactivating_ends_sessions_and_tokens_for_good(house: House, clock: SettableClock) -> None:
    bob = await house.member(bob_of(house), Role.VIEWER)
    clock.advance(timedelta(seconds=1))
    session, viewer_bob = (await house.enter(bob_of(house))).session, await house.viewer(bob_of(house))
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        token = await create_token(
            tx,
            viewer_bob,
            label="t",
            scopes=frozenset({Scope.USERS_READ}),
            expires_at=clock.now() + timedelta(days=9),
        )
    clock.advance(timedelta(seconds=1))
    viewer = await house.viewer()

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        await deactivate_user(tx, viewer, person_id=bob)
    assert await resolve_session(house.desk, session.secret) is None
    assert await resolve_token(house.desk, token.secret, None) is None
    clock.advance(timedelta(seconds=1))
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        await reactivate_user(tx, viewer, person_id=bob)

    assert await resolve_session(house.desk, session.secret) is None
    assert await resolve_token(house.desk, token.secret, None) is None
    assert (await house.enter(bob_of(house))).principal.person_id == bob


async def test_what_tied_the_account_to_an_ended_membership_is_forgotten(
    house: House, clock: SettableClock
) -> None:
    bob = await house.member(bob_of(house), Role.VIEWER)
    clock.advance(timedelta(seconds=1))
    await house.enter(bob_of(house))
    clock.advance(timedelta(seconds=1))
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        await seclude(tx, bob)

    first = await forget_membership(house.store, house.tenant_id, bob)

    async with house.store.transaction(house.tenant_id) as tx:
        row = await tx.first(select(User.status, User.account_id).where(User.id == bob))
    assert tuple(row or ()) == ("LEFT", None)
    assert first == 1
    assert await forget_membership(house.store, house.tenant_id, bob) == 0
    assert await roles_of(house, bob) == set()


async def test_a_stale_version_deactivates_nobody(house: House) -> None:
    bob, viewer = await house.member(bob_of(house), Role.VIEWER), await house.viewer()

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        with pytest.raises(StaleVersion):
            await deactivate_user(tx, viewer, person_id=bob, expected_version=1)

    assert await status_of(house, bob) == "ACTIVE"


async def test_the_last_administrator_stays(house: House) -> None:
    viewer = await house.viewer()
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        with pytest.raises(SoleAdmin):
            await remove_role(tx, viewer, person_id=house.founder_id, role=Role.ADMIN)
        with pytest.raises(SoleAdmin):
            await deactivate_user(tx, viewer, person_id=house.founder_id)
        with pytest.raises(SoleAdmin):
            await leave_tenant(tx, viewer)
        with pytest.raises(SoleAdmin):
            await seclude(tx, house.founder_id)

    assert await roles_of(house, house.founder_id) == {"ADMIN"}
    assert await status_of(house, house.founder_id) == "ACTIVE"


async def test_an_invited_or_time_boxed_administrator_does_not_count(
    house: House, clock: SettableClock
) -> None:
    await house.invite(f"later@{house.slug}.example", Role.ADMIN)
    bob, viewer = await house.member(bob_of(house), Role.VIEWER), await house.viewer()
    ending = GivenRole(Role.ADMIN, None, clock.now() + timedelta(days=1))

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        await assign_role(tx, viewer, person_id=bob, given=ending)
        with pytest.raises(SoleAdmin):
            await leave_tenant(tx, viewer)


@pytest.mark.parametrize("act", ["remove", "deactivate", "leave", "mixed"])
async def test_of_two_administrators_that_go_at_once_one_stays(house: House, act: str) -> None:
    bob = await house.member(bob_of(house), Role.ADMIN)
    both = ((house.founder_id, await house.viewer()), (bob, await house.viewer(bob_of(house))))

    async def go(person_id: UUID, viewer: Viewer, how: str) -> str:
        try:
            async with house.store.transaction(house.tenant_id, write=True) as tx:
                if how == "remove":
                    await remove_role(tx, viewer, person_id=person_id, role=Role.ADMIN)
                elif how == "deactivate":
                    await deactivate_user(tx, viewer, person_id=person_id)
                else:
                    await leave_tenant(tx, viewer)
                await asyncio.sleep(0.05)
        except SoleAdmin:
            return "stays"
        return "goes"

    ways = ("remove", "deactivate") if act == "mixed" else (act, act)
    ends = await asyncio.gather(
        *(go(who, viewer, how) for (who, viewer), how in zip(both, ways, strict=True))
    )

    assert sorted(ends) == ["goes", "stays"]


async def test_the_last_administrator_hands_over_and_may_leave(house: House) -> None:
    bob, viewer = await house.member(bob_of(house), Role.VIEWER), await house.viewer()

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        await hand_over_admin(tx, viewer, person_id=bob)
        await leave_tenant(tx, viewer)

    assert await roles_of(house, bob) == {"ADMIN", "VIEWER"}
    assert await roles_of(house, house.founder_id) == set()
    assert await status_of(house, house.founder_id) == "LEFT"


async def test_nothing_is_handed_to_somebody_who_has_not_come(house: House) -> None:
    later, viewer = await house.invite(bob_of(house), Role.VIEWER), await house.viewer()

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        with pytest.raises(NotFound):
            await hand_over_admin(tx, viewer, person_id=later)

    assert await roles_of(house, house.founder_id) == {"ADMIN"}


async def test_who_leaves_keeps_the_account_and_other_memberships_and_may_be_asked_back(house: House) -> None:
    other = await found_house(house.desk, "other")
    await house.member(bob_of(house), Role.ADMIN)
    there = await other.member(house.founder_email, Role.VIEWER)
    viewer = await house.viewer()

    async with house.store.transaction(house.tenant_id, write=True) as tx:
        await leave_tenant(tx, viewer)

    assert await resolve_session(house.desk, "x") is None
    signed_in = await other.enter(house.founder_email)
    assert signed_in.principal.person_id == there
    assert [at.tenant_id for at in await memberships(house.desk, signed_in.principal)] == [other.tenant_id]
    bob = await house.viewer(bob_of(house))
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        await invite_again(tx, bob, person_id=house.founder_id)
    assert await status_of(house, house.founder_id) == "INVITED"


async def test_people_of_another_organisation_are_not_found(house: House) -> None:
    other = await found_house(house.desk, "other")
    stranger = await other.viewer()

    async with other.store.transaction(other.tenant_id, write=True) as tx:
        for act in (
            deactivate_user(tx, stranger, person_id=house.founder_id),
            assign_role(tx, stranger, person_id=house.founder_id, given=GivenRole(Role.VIEWER)),
            hand_over_admin(tx, stranger, person_id=house.founder_id),
        ):
            with pytest.raises(NotFound):
                await act
