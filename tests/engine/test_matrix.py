"""Every role, every type, every field, in two organisations: the value and the mask are what the tables say, and what an oracle found by itself."""

import ast
from pathlib import Path
from typing import Any

import pytest

from permissions.disclosure import Relation
from permissions.principals import Role
from tests.engine import known as known_module
from tests.engine import oracle as oracle_module
from tests.engine.asking import Ask, Caller
from tests.engine.callers import PARTS
from tests.engine.documents import cell_fields, cells, listed_masks
from tests.engine.graph import built
from tests.engine.oracle import FIELDS, Oracle, Seen
from tests.engine.proving import Proof
from tests.engine.realm import Realm


async def expected_cell(proof: Proof, realm: Realm, type_name: str, name: str, seen: Seen) -> Any:  # noqa: ANN401  JSON
    """The cell as JSON: a link is the linked row's id."""
    target = FIELDS[type_name][1][name].to
    if target is None or seen.value is None:
        return seen.value
    names = [of for of, (model, _) in FIELDS.items() if model is target]
    if names == ["User", "Contact"]:
        member = await proof.oracles[proof.realms.index(realm)].is_member(seen.value)
        names = ["User" if member else "Contact"]
    return {"__typename": names[0], "id": await proof.global_id(realm, names[0], seen.value)}


async def wrong_cells(
    proof: Proof, ask: Ask, realm: Realm, oracle: Oracle, who: Caller, type_name: str
) -> list[tuple[Any, ...]]:
    """The cells of one type in which the graph and the oracle differ, for the rows of both realms."""
    _, core, catalogue = built()
    own = await proof.rows(realm, oracle, type_name)
    other = 1 - proof.realms.index(realm)
    foreign = await proof.rows(proof.realms[other], proof.oracles[other], type_name)
    asked = [(row, text) for pair in zip(own, foreign, strict=True) for row, text in pair]
    answer = await ask(who, cells(core, catalogue, type_name), {"ids": [text for _, text in asked]})
    assert answer.errors == []
    masks = listed_masks(answer.data, answer.extensions.get("masking", {}))
    wrong: list[tuple[Any, ...]] = []
    now = proof.store.clock.now()
    for at, ((row, text), node) in enumerate(zip(asked, answer.data["nodes"], strict=True)):
        reached = await oracle.found(who.principal, now, type_name, row)
        if (node is None) is not (reached is None) or (node is not None and node["id"] != text):
            wrong.append((row, "reached", node, reached))
            continue
        for name in cell_fields(core, catalogue, type_name) if node is not None else ():
            if name == "id":
                continue
            seen = await oracle.seen(who.principal, now, type_name, row, name)
            assert seen is not None
            expected = await expected_cell(proof, realm, type_name, name, seen)
            listed = masks.pop(("nodes", at, name), [])
            told = [(f"{type_name}.{name}", *seen.withheld)] if seen.withheld else []
            if node[name] != expected or listed != told:
                wrong.append((row, name, node[name], expected, listed, told))
    return wrong + list(masks.items())


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("type_name", FIELDS)
async def test_every_cell_is_what_the_tables_say_over_http(
    proof: Proof, ask_at_the_door: Ask, name: str, type_name: str
) -> None:
    wrong = [
        cell
        for realm, oracle, who in proof.callers(name)
        for cell in await wrong_cells(proof, ask_at_the_door, realm, oracle, who, type_name)
    ]

    assert wrong == []


def test_every_role_takes_a_part() -> None:
    assert {role for part in PARTS.values() for role, _ in part.roles} == set(Role)


def test_the_oracle_knows_every_field_of_the_types_it_judges() -> None:
    _, core, catalogue = built()

    asked = {of: set(cell_fields(core, catalogue, of)) - {"id"} for of in FIELDS}

    assert {of: set(fields) for of, (_, fields) in FIELDS.items()} == asked


def test_the_oracle_knows_neither_plan_nor_loader_nor_projector() -> None:
    files = [Path(module.__file__ or "") for module in (oracle_module, known_module)]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]

    modules = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    ours = {name for name in modules if name.startswith(("isomod_graphql", "schema", "tests", "permissions"))}

    assert {name for name in ours if not name.startswith("permissions")} == {
        "tests.engine.known",
        "isomod_graphql.core.columns",
        "isomod_graphql.core.crypto",
        "isomod_graphql.core.flags",
        "isomod_graphql.core.store",
        *(
            f"isomod_graphql.{room}.models"
            for room in ("assets", "audit", "identity", "locations", "subjects", "work_orders")
        ),
    }


@pytest.mark.parametrize("name", ["admin", "requester", "partner", "privacy officer", "admin bound to gent"])
async def test_the_executor_behind_the_door_says_the_same(proof: Proof, ask: Ask, name: str) -> None:
    wrong = [
        cell
        for realm, oracle, who in proof.callers(name)
        for type_name in FIELDS
        for cell in await wrong_cells(proof, ask, realm, oracle, who, type_name)
    ]

    assert wrong == []


def test_every_type_that_stands_for_a_row_is_judged() -> None:
    _, _, catalogue = built()

    assert set(catalogue.entity_of_type) == set(FIELDS)


def test_the_oracle_knows_every_tie_that_the_scopes_know() -> None:
    """A new tie in a scope needs a second opinion too."""
    _, _, catalogue = built()

    ties = {tie for entity in catalogue.entity_of_type.values() for tie in entity.scope.relations or {}}

    assert ties == {
        *(Relation.SELF, Relation.OWN, Relation.SAME_OPEN_ORDER, Relation.SAME_TEAM),
        *(Relation.ASSIGNED_TO_MINE, Relation.ASSIGNED_TO_MINE_OPEN),
    }
