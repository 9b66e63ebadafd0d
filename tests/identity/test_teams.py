"""Teams: who makes them and says who is in them, whom that lets see more of whom, and what a refusal leaves behind."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from isomod_graphql.core.store import Store
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.memberships import seclude
from permissions.principals import Role
from schema.entities import PERSON, TEAM
from tests.engine.asking import Below, Caller
from tests.engine.graph import World, add_member, execution_of, make_world, run
from tests.people import add_person
from tests.worlds import rows_of

SHOWN = "userErrors { code field }"
CREATE = f"mutation ($input: CreateTeamInput!) {{ createTeam(input: $input) {{ team {{ id name version }} {SHOWN} }} }}"
RENAME = f"mutation ($input: RenameTeamInput!) {{ renameTeam(input: $input) {{ team {{ name version }} {SHOWN} }} }}"
DISSOLVE = f"mutation ($input: DissolveTeamInput!) {{ dissolveTeam(input: $input) {{ {SHOWN} }} }}"
PUT = f"mutation ($input: TeamMemberInput!) {{ putOnTeam(input: $input) {{ person {{ teams {{ name }} }} {SHOWN} }} }}"
TAKE = f"mutation ($input: TeamMemberInput!) {{ takeOffTeam(input: $input) {{ person {{ teams {{ name }} }} {SHOWN} }} }}"
READ = "query ($id: ID!) { user(id: $id) { displayName phone teams { name } } }"


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """A technician, a requester and a stranger, each with a name and a phone."""
    return await make_world(store, tenant)


async def gid(store: Store, world: World, entity: Entity, row: UUID) -> str:
    return (await store.keystore.tenant(world.tenant)).ids.seal(entity.code, row)


async def made(store: Store, world: World, name: str = "Day shift") -> str:
    done = await run(store, boss(store, world), CREATE, input={"name": name})
    assert done.data is not None
    team: str = done.data["createTeam"]["team"]["id"]
    return team


def boss(store: Store, world: World) -> Viewer:
    return world.viewer(store, world.requester, Role.ADMIN)


async def put(store: Store, world: World, team: str, *people: UUID, text: str = PUT) -> list[Any]:
    given = [{"teamId": team, "personId": await gid(store, world, PERSON, one)} for one in people]
    done = [await run(store, boss(store, world), text, input=one) for one in given]
    return [one.data for one in done]


async def seen(store: Store, world: World, viewer: Viewer, person: UUID) -> tuple[Any, Any]:
    """The person and what was masked, as both executors say it."""
    caller, given = Caller("somebody", viewer.principal), {"id": await gid(store, world, PERSON, person)}
    compiled, reference = [
        await Below(execution_of(store, compiles=compiles))(caller, READ, given) for compiles in (True, False)
    ]
    assert compiled.errors == reference.errors == []
    assert (compiled.data, compiled.extensions) == (reference.data, reference.extensions)
    masks = compiled.extensions.get("masking", {"fields": []})["fields"]
    return compiled.data["user"], {one["coordinate"]: (one["mask"], one["reason"]) for one in masks}


async def test_people_of_one_team_see_the_phone_or_the_name_that_the_team_opens_until_they_leave_it(
    store: Store, world: World
) -> None:
    fitter = world.viewer(store, world.stranger, Role.TECHNICIAN)
    onlooker = world.viewer(store, world.stranger, Role.VIEWER)
    before = [await seen(store, world, who, world.technician) for who in (fitter, onlooker)]
    team = await made(store, world)

    put_on = await put(store, world, team, world.technician, world.stranger)
    together = [await seen(store, world, who, world.technician) for who in (fitter, onlooker)]
    other = [await seen(store, world, who, world.requester) for who in (fitter, onlooker)]
    taken_off = await put(store, world, team, world.technician, text=TAKE)
    after = [await seen(store, world, who, world.technician) for who in (fitter, onlooker)]

    here = {"person": {"teams": [{"name": "Day shift"}]}, "userErrors": []}
    assert put_on == [{"putOnTeam": here}, {"putOnTeam": here}]
    assert taken_off == [{"takeOffTeam": {"person": {"teams": []}, "userErrors": []}}]
    assert together[0] == (
        {"displayName": "Tom Claes", "phone": "+32470000001", "teams": [{"name": "Day shift"}]},
        {},
    )
    assert together[1] == (
        {"displayName": "Tom Claes", "phone": None, "teams": [{"name": "Day shift"}]},
        {"User.phone": ("NULL", "ROLE")},
    )
    for at, one in enumerate((before, after)):
        assert one[0] == (
            {"displayName": "Tom Claes", "phone": None, "teams": []},
            {"User.phone": ("NULL", "RELATION")},
        )
        assert one[1] == (
            {"displayName": "T•• C••", "phone": None, "teams": None},
            {
                "User.displayName": ("INITIALS", "RELATION"),
                "User.teams": ("NULL", "RELATION"),
                "User.phone": ("NULL", "ROLE"),
            },
        ), at
    assert other[0][0]["phone"] is None
    assert other[1][0] == {"displayName": "R•• M••", "phone": None, "teams": None}


async def test_a_restriction_hides_the_teams_and_an_erasure_ends_them(
    store: Store, world: World, owner_eye: asyncpg.Connection
) -> None:
    team = await made(store, world)
    hidden = await add_person(store, world.tenant, flags=1, name="Ria Vos")
    await add_member(store, world.tenant, hidden)
    link = "INSERT INTO team_members (tenant_id, team_id, person_id) SELECT tenant_id, id, $2 FROM teams WHERE tenant_id = $1"
    await owner_eye.execute(link, world.tenant, hidden)
    await put(store, world, team, world.technician)

    restricted = await seen(store, world, boss(store, world), hidden)
    async with store.transaction(world.tenant, write=True) as tx:
        await seclude(tx, world.technician)

    assert restricted[0]["teams"] is None
    assert restricted[1]["User.teams"] == ("NULL", "PRIVACY")
    left = await owner_eye.fetch("SELECT person_id FROM team_members WHERE tenant_id = $1", world.tenant)
    assert [row["person_id"] for row in left] == [hidden]


async def test_nobody_puts_himself_in_or_anybody_beside_people_out_of_reach(
    store: Store, world: World, owner_eye: asyncpg.Connection
) -> None:
    far = await add_person(store, world.tenant, site=world.liege, name="Luc Hardy")
    near = await add_person(store, world.tenant, site=world.gent, name="Ada Nys")
    team, others = await made(store, world), await made(store, world, "Night shift")
    await put(store, world, team, far)
    manager = world.viewer(store, world.stranger, Role.MANAGER, sites=frozenset({world.gent}))
    before = await rows_of(owner_eye, world.tenant, "teams", "team_members", "outbox")

    found = [
        await run(store, who, PUT, input={"teamId": where, "personId": await gid(store, world, PERSON, whom)})
        for who, where, whom in (
            (manager, others, world.stranger),
            (boss(store, world), others, world.requester),
            (manager, team, near),
            (manager, others, far),
        )
    ]
    found.append(await run(store, manager, DISSOLVE, input={"teamId": team}))

    errors = [next(iter((one.data or {}).values()))["userErrors"] for one in found]
    assert errors == [
        [{"code": "GRANT_REFUSED", "field": "personId"}], [{"code": "GRANT_REFUSED", "field": "personId"}],
        [{"code": "GRANT_REFUSED", "field": "teamId"}], [{"code": "NOT_FOUND", "field": "personId"}],
        [{"code": "GRANT_REFUSED", "field": "teamId"}],
    ]  # fmt: skip
    assert await rows_of(owner_eye, world.tenant, "teams", "team_members", "outbox") == before
    kept = await owner_eye.fetch(
        "SELECT action, reason FROM audit_entries WHERE tenant_id = $1 AND outcome = 'DENIED' ORDER BY action, reason",
        world.tenant,
    )
    assert [(row["action"], row["reason"]) for row in kept] == [
        ("TEAM_DISSOLVE", "SITES"), ("TEAM_PUT_ON", "NOT_FOUND"), ("TEAM_PUT_ON", "SELF_GRANT"), ("TEAM_PUT_ON", "SELF_GRANT"), ("TEAM_PUT_ON", "SITES")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "role", [Role.TECHNICIAN, Role.REQUESTER, Role.VIEWER, Role.QUALITY_MANAGER, Role.PRIVACY_OFFICER]
)
async def test_whoever_does_not_manage_people_changes_no_team_and_the_attempt_is_on_record(
    store: Store, world: World, owner_eye: asyncpg.Connection, role: Role
) -> None:
    team, who = await made(store, world), world.viewer(store, world.stranger, role)
    person = await gid(store, world, PERSON, world.technician)
    before = await rows_of(owner_eye, world.tenant, "teams", "team_members")
    member = {"teamId": "garbage", "personId": person}

    asked = [
        (CREATE, {"name": "X"}), (RENAME, {"teamId": team, "name": "X"}), (DISSOLVE, {"teamId": "garbage"}),
        (PUT, member), (TAKE, member),
    ]  # fmt: skip
    done = [await run(store, who, text, input=given) for text, given in asked]

    codes = [getattr(error.original_error, "code", None) for one in done for error in one.errors or ()]
    assert codes == ["FORBIDDEN"] * 5
    assert await rows_of(owner_eye, world.tenant, "teams", "team_members") == before
    kept = await owner_eye.fetch(
        "SELECT action, reason FROM audit_entries WHERE tenant_id = $1 AND outcome = 'DENIED' ORDER BY action",
        world.tenant,
    )
    assert [(row["action"], row["reason"]) for row in kept] == [
        (action, "ROLE")
        for action in ("TEAM_CREATE", "TEAM_DISSOLVE", "TEAM_PUT_ON", "TEAM_RENAME", "TEAM_TAKE_OFF")
    ]


async def test_a_team_is_renamed_and_dissolved_and_no_two_have_one_name(store: Store, world: World) -> None:
    team, other = await made(store, world), await made(store, world, "Night shift")
    await put(store, world, team, world.technician)
    admin = boss(store, world)

    taken = await run(store, admin, RENAME, input={"teamId": other, "name": "DAY  shift"})
    stale = await run(store, admin, RENAME, input={"teamId": team, "name": "Early", "expectedVersion": 4})
    named = await run(store, admin, RENAME, input={"teamId": team, "name": "Early", "expectedVersion": 1})
    listed = await run(store, admin, "{ teams(first: 5, orderBy: NAME_DESC) { totalCount nodes { name } } }")
    gone = await run(store, admin, DISSOLVE, input={"teamId": team})
    left = await run(store, admin, '{ teams(first: 5, filter: {namePrefix: "e"}) { totalCount } }')

    assert taken.data == {"renameTeam": {"team": None, "userErrors": [{"code": "CONFLICT", "field": "name"}]}}
    assert stale.data == {
        "renameTeam": {"team": None, "userErrors": [{"code": "STALE_VERSION", "field": "expectedVersion"}]}
    }
    assert named.data == {"renameTeam": {"team": {"name": "Early", "version": 2}, "userErrors": []}}
    assert listed.data == {"teams": {"totalCount": 2, "nodes": [{"name": "Night shift"}, {"name": "Early"}]}}
    assert gone.data == {"dissolveTeam": {"userErrors": []}}
    assert left.data == {"teams": {"totalCount": 0}}
    assert (await seen(store, world, admin, world.technician))[0]["teams"] == []


async def test_a_team_of_another_organisation_and_an_id_of_another_kind_name_nothing(
    store: Store, world: World
) -> None:
    team, person = await made(store, world), await gid(store, world, PERSON, world.technician)
    strange = await gid(store, world, TEAM, world.technician)

    done = [
        await run(store, boss(store, world), PUT, input={"teamId": team_id, "personId": person})
        for team_id in (person, strange, "x")
    ]
    wrong = await run(store, boss(store, world), PUT, input={"teamId": team, "personId": team})

    errors = [(one.data or {})["putOnTeam"]["userErrors"] for one in (*done, wrong)]
    assert errors == [[{"code": "NOT_FOUND", "field": "teamId"}]] * 3 + [
        [{"code": "NOT_FOUND", "field": "personId"}]
    ]
