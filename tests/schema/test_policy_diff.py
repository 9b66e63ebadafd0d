"""The policy kept and compared in the graph: what changed is told to those who answer for it, and what is no snapshot is refused."""

import json
from copy import deepcopy
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isomod_graphql.cli.policy_snapshot import COMMITTED
from isomod_graphql.core.store import Store
from isomod_graphql.engine.policy_snapshot import snapshot_of
from permissions.differences import SECTIONS
from permissions.policy_version import POLICY_VERSION
from permissions.principals import Role
from schema.policy_diff import compared
from tests.engine.graph import World, built, make_world, run
from tests.partners.house import trail

DIFF = "query ($old: String!) { policyDiff(old: $old) { old new differences { about turn says } } }"
SNAPSHOT = "{ policyText }"
ASKING = (Role.ADMIN, Role.PRIVACY_OFFICER)


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    return await make_world(store, tenant)


@pytest.mark.parametrize("role", ASKING)
async def test_a_snapshot_is_the_committed_one_and_does_not_differ_from_itself(
    store: Store, world: World, role: Role
) -> None:
    viewer = world.viewer(store, world.stranger, role)

    kept = (await run(store, viewer, SNAPSHOT)).data or {}
    compared = await run(store, viewer, DIFF, old=kept["policyText"])

    assert json.loads(kept["policyText"]) == json.loads(COMMITTED.read_bytes())
    assert compared.data == {"policyDiff": {"old": POLICY_VERSION, "new": POLICY_VERSION, "differences": []}}


async def test_what_a_role_gained_and_lost_since_is_told(store: Store, world: World) -> None:
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    old = deepcopy(snapshot_of(built()[2]))
    old["policyVersion"] = "before"
    old["disclosure"]["VIEWER"]["CONTACT"] = {"ALWAYS": "FULL"}
    old["disclosure"]["ADMIN"]["CONTACT"] = {"ALWAYS": "HIDDEN"}

    answer = await run(store, admin, DIFF, old=json.dumps(old))
    found: dict[str, Any] = (answer.data or {})["policyDiff"]

    assert (found["old"], found["new"]) == ("before", POLICY_VERSION)
    assert {(one["about"], one["turn"]) for one in found["differences"]} == {
        ("VIEWER", "LOSS"),
        ("ADMIN", "GAIN"),
    }
    assert all("CONTACT" in one["says"] for one in found["differences"])


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


async def test_what_is_no_snapshot_is_refused_whatever_part_of_it_is_wrong(
    store: Store, world: World
) -> None:
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    whole = snapshot_of(built()[2])
    parts: tuple[object, ...] = (
        *(None, [], {"ADMIN": 5}, {"ADMIN": {"CONTACT": 5}}, {"ADMIN": {"CONTACT": {"ALWAYS": []}}}),
    )  # fmt: skip
    wrong = ["", "{", "null", "[]", "{}", 5, *({**whole, name: part} for name in SECTIONS for part in parts)]

    codes = []
    for one in wrong:
        text = one if isinstance(one, str) else json.dumps(one)
        answer = await run(store, admin, DIFF, old=text)
        codes.append({getattr(error.original_error, "code", repr(error)) for error in answer.errors or []})

    assert {code for found in codes for code in found} <= {"BAD_USER_INPUT"}
    assert codes[:6] == [{"BAD_USER_INPUT"}] * 6


@given(
    section=st.sampled_from(SECTIONS),
    shape=SHAPES,
)
def test_no_shape_of_a_part_ends_otherwise(section: str, shape: object) -> None:
    whole = snapshot_of(built()[2])
    old = json.dumps({**whole, section: {"ADMIN": shape, "x": shape}})

    found = compared(old, whole)

    assert found is None or found.new == POLICY_VERSION


async def test_others_do_not_have_them_and_are_refused_behind_the_door(
    store: Store, world: World, owner_eye: asyncpg.Connection
) -> None:
    other = world.viewer(store, world.stranger, Role.MANAGER)

    refused = [await run(store, other, SNAPSHOT), await run(store, other, DIFF, old="{}")]

    assert [one.data for one in refused] == [{"policyText": None}, {"policyDiff": None}]
    assert (
        await trail(owner_eye, world.tenant, "ACCESS_EXPLAIN")
        == [("DENIED", "ROLE", "PERSON", world.stranger)] * 2
    )
