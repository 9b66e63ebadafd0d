"""A wrong cell of the disclosure table reaches the wire through both executors, and an oracle that kept the right table sees it there."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

import pytest

from permissions.categories import Category
from permissions.disclosure import DISCLOSURE, Level
from permissions.principals import Role
from tests.engine.asking import Answer, Below, Caller
from tests.engine.graph import execution_of
from tests.engine.proving import Proof
from tests.engine.test_matrix import wrong_cells
from tests.permissions.test_policy_mutation import Mutant, in_force

SHOWN: Final = (Category.IDENTITY, Category.CONTACT, Category.DEVICE, Category.NOTES, Category.AUDIT)
"""The personal categories that a field of the graph holds."""
TYPES: Final = ("User", "Asset")
"""Between them they have a field of each."""
AS: Final[Mapping[Role, str]] = {
    Role.ADMIN: "admin",
    Role.MANAGER: "manager",
    Role.TECHNICIAN: "technician on orders",
    Role.REQUESTER: "requester",
    Role.VIEWER: "viewer",
    Role.QUALITY_MANAGER: "quality manager",
    Role.AUDITOR: "auditor",
    Role.PRIVACY_OFFICER: "privacy officer",
    Role.PARTNER: "partner with names and contacts",
    Role.SUPPORT: "support in person",
}
UNSEEN: Final = {
    *((Role.SUPPORT, category) for category in SHOWN),
    (Role.PRIVACY_OFFICER, Category.NOTES),
}
"""Support reaches nobody's row by its role, the privacy officer no work: these cells are never asked."""
CELLS: Final = [(role, category) for role in Role for category in SHOWN]


def opposite(role: Role, category: Category) -> Mutant:
    """Everything where it is not everything, nothing where it is, or where the caller has the scope for everything.

    More at the base of a cell that a scope opens would show nothing to anybody: the ceiling of the credential cuts it.
    """
    cell = DISCLOSURE[role][category]
    level = Level.HIDDEN if cell.base is Level.FULL or cell.scoped else Level.FULL
    return Mutant(role, category, f"base {level.name}", replace(cell, base=level, scoped=()))


async def is_seen(proof: Proof, mutant: Mutant, *, compiles: bool) -> bool:
    """Whether an answer differs from what the oracle expects by the unchanged table."""
    below = Below(execution_of(proof.store, compiles=compiles))
    credential = uuid4()

    async def anew(caller: Caller, text: str, variables: Mapping[str, Any] | None = None) -> Answer:
        """As a credential whose powers nobody has worked out yet; the oracle keeps those of the first."""
        fresh = replace(caller.principal, credential_id=credential)
        return await below(replace(caller, principal=fresh), text, variables)

    realm, oracle, who = next(proof.callers(AS[mutant.role]))
    if mutant.role is Role.REQUESTER:
        # Whoever works on a request is tied to its requester: only on a crew are there people without that tie.
        who = replace(who, principal=replace(who.principal, person_id=realm["mate"]))
    for of in TYPES:
        assert await wrong_cells(proof, below, realm, oracle, who, of) == []
    with in_force(mutant):
        return any([await wrong_cells(proof, anew, realm, oracle, who, of) for of in TYPES])


@pytest.mark.parametrize("role", Role)
async def test_a_wrong_cell_is_seen_on_the_wire(proof: Proof, role: Role) -> None:
    """One cell of every role, each with another category and by turns through either executor."""
    at = list(Role).index(role)
    category = SHOWN[at % len(SHOWN)]

    seen = await is_seen(proof, opposite(role, category), compiles=at % 2 == 0)

    assert seen is ((role, category) not in UNSEEN)


@pytest.mark.proof
@pytest.mark.parametrize("compiles", [True, False])
async def test_every_wrong_cell_is_seen_on_the_wire(proof: Proof, compiles: bool) -> None:
    unseen = {cell for cell in CELLS if not await is_seen(proof, opposite(*cell), compiles=compiles)}

    assert unseen == UNSEEN


@pytest.mark.parametrize("compiles", [True, False])
async def test_the_right_table_is_seen_as_right(proof: Proof, compiles: bool) -> None:
    """What is seen is the change, not the new credential."""
    same = Mutant(Role.MANAGER, Category.CONTACT, "none", DISCLOSURE[Role.MANAGER][Category.CONTACT])

    assert not await is_seen(proof, same, compiles=compiles)
