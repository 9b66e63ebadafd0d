"""A look as another member lasts a quarter of an hour, and not past any change of what either holds."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.callers import Callers
from isomod_graphql.identity.models import GrantRow, User
from isomod_graphql.identity.roles import GivenRole, give
from isomod_graphql.identity.view_as import LASTS, Ticket, start_view_as, viewed
from permissions.principals import Assurance, Principal, Role
from tests.identity.conftest import House

TOM = "tom@house.example"


async def look(house: House) -> tuple[Principal, Ticket]:
    """The founder, freshly proven, and a ticket to look as Tom."""
    tom = await house.member(f"{house.slug}.{TOM}", Role.TECHNICIAN)
    actor = await house.stepped_up()
    viewer = Viewer.at(actor, house.store.clock.now())
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        return actor, await start_view_as(tx, viewer, person_id=tom)


async def test_a_look_is_the_members_powers_through_the_actor(house: House) -> None:
    actor, ticket = await look(house)

    found = await viewed(house.desk, actor, ticket.text)

    assert found is not None
    assert found.viewed_by is not None
    assert [grant.role for grant in found.grants] == [Role.TECHNICIAN]
    assert (found.account_id, found.credential_id, found.stepped_up_until) == (None, None, None)
    assert (found.viewed_by.person_id, found.viewed_by.stepped_up_until) == (actor.person_id, None)
    assert found.viewed_by.assurance is Assurance.SESSION


async def test_it_is_over_after_a_quarter_of_an_hour_also_for_who_is_remembered(
    house: House, clock: SettableClock
) -> None:
    actor, ticket = await look(house)
    callers = Callers(house.desk)
    clock.advance(LASTS - timedelta(seconds=1))
    last = await callers.by_ticket(actor, ticket.text)
    clock.advance(timedelta(seconds=1))

    assert (LASTS, last is None) == (timedelta(minutes=15), False)
    assert await callers.by_ticket(actor, ticket.text) is None
    assert await viewed(house.desk, actor, ticket.text) is None


@pytest.mark.parametrize("what", ["roles of the member", "roles of the actor", "membership", "a role given"])
async def test_it_ends_with_any_change_of_what_either_holds(house: House, what: str) -> None:
    actor, ticket = await look(house)
    first = await viewed(house.desk, actor, ticket.text)
    assert first is not None
    assert first.person_id is not None
    holder = house.founder_id if "actor" in what else first.person_id
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        if what.startswith("roles"):
            await tx.run(delete(GrantRow).where(GrantRow.person_id == holder))
        elif what == "membership":
            await tx.run(update(User).where(User.id == holder).values(status="DEACTIVATED"))
        else:
            await give(tx, holder, GivenRole(Role.VIEWER))

    now = await house.stepped_up() if "actor" in what else actor
    same_session = actor if "actor" not in what else Principal(
        kind="PERSON", tenant_id=actor.tenant_id, person_id=actor.person_id, account_id=actor.account_id,
        grants=now.grants, credential_id=actor.credential_id,
    )  # fmt: skip

    assert await viewed(house.desk, same_session, ticket.text) is None


async def test_a_look_is_not_remembered_for_another_principal_of_the_same_session(house: House) -> None:
    actor, ticket = await look(house)
    callers = Callers(house.desk)
    remembered = await callers.by_ticket(actor, ticket.text)
    demoted = Principal(
        kind="PERSON", tenant_id=actor.tenant_id, person_id=actor.person_id, account_id=actor.account_id,
        grants=(), credential_id=actor.credential_id,
    )  # fmt: skip

    assert remembered is await callers.by_ticket(actor, ticket.text)
    assert await callers.by_ticket(demoted, ticket.text) is None
