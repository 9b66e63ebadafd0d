"""Accounts of stored rows agree with the oracle: whoever asks, whatever the field, mask and reason are those that the product gives."""

from typing import Final, TypeAlias
from uuid import UUID

import pytest

from isomod_graphql.engine.field_access import Reading
from isomod_graphql.engine.reasons import Asked, answer, type_of_row
from permissions.looks import Effect, Rule
from permissions.masks import NULL
from tests.engine.callers import PARTS
from tests.engine.graph import built
from tests.engine.known import FIELDS
from tests.engine.oracle import Oracle, Seen
from tests.engine.proving import Proof
from tests.engine.realm import Realm

LOOKED_AT: Final = {
    "User": (
        "displayName",
        "name",
        "email",
        "address",
        "lastSeenAt",
        "lastSeenYear",
        "restricted",
        "version",
        "teams",
    ),
    "Contact": ("name", "phone"),
    "Location": ("name", "area"),
    "Asset": ("name", "description", "custodian"),
    "WorkOrder": ("title", "description", "assignee"),
    "WorkOrderSignature": ("signerName", "meaning"),
    "WorkOrderChange": ("reason",),
    "RoleAssignment": ("role",),
    "Team": ("name",),
    "AccessRecord": ("day", "subject"),
    "AccessLogEntry": ("day", "purpose"),
}
"""One field of each category and kind."""
ASKED_ABOUT: Final = [name for name, part in PARTS.items() if part.viewed is None]
"""Who has a credential of his, her or its own: a look as another member is not asked about."""
ONE_IN: Final = 3
"""Each caller looks at one in so many cells, another one than the callers beside it."""
Expected: TypeAlias = tuple[Reading, tuple[str, str] | None]


def test_every_type_is_looked_at() -> None:
    assert set(LOOKED_AT) == set(FIELDS)


async def cells(proof: Proof, realm: Realm, oracle: Oracle) -> list[tuple[str, UUID, str]]:
    """Every field that is looked at of every row."""
    return [
        (of, row, field)
        for of, fields in LOOKED_AT.items()
        for row, _ in await proof.rows(realm, oracle, of)
        for field in fields
    ]


def read_as(seen: Seen | None) -> Expected:
    """What the oracle's cell comes to: how much is read, and the mask and reason that are told."""
    if seen is None:
        return Reading.HIDDEN, None
    if seen.withheld is None:
        return Reading.FULL, None
    return (Reading.HIDDEN if seen.withheld[0] == NULL.name else Reading.MASKED), seen.withheld


@pytest.mark.parametrize("name", ASKED_ABOUT)
async def test_mask_and_reason_are_those_of_the_oracle(proof: Proof, name: str) -> None:
    catalogue = built()[2]
    realm, oracle, who = next(proof.callers(name))
    now = proof.store.clock.now()
    turn = list(PARTS).index(name) % ONE_IN
    mine = (await cells(proof, realm, oracle))[turn::ONE_IN]
    wrong = []
    async with proof.store.transaction(realm.tenant) as tx:
        for of, row, field in mine:
            spec = catalogue.weighable[of][field].spec
            asked = Asked(who.principal, catalogue.entity_of_type[of], row, of, field, spec)
            found = await answer(tx, asked, told=True)
            expected = read_as(await oracle.seen(who.principal, now, of, row, field))
            assert found is not None
            told = (found.mask, found.reason) if found.mask is not None else None
            if (found.read, told) != expected:
                wrong.append((of, row, field, found.read, told, expected))

    assert wrong == []
    assert len(mine) > 50


async def test_a_row_of_another_organisation_is_none(proof: Proof) -> None:
    catalogue = built()[2]
    (realm, _, who), (elsewhere, _, _) = proof.callers("admin")
    person = catalogue.entity_of_type["User"]
    asked = Asked(
        who.principal, person, elsewhere["boss"], "User", "phone", catalogue.weighable["User"]["phone"].spec
    )

    async with proof.store.transaction(realm.tenant) as tx:
        assert await answer(tx, asked, told=True) is None
        assert await type_of_row(tx, person, elsewhere["boss"]) is None
        assert await type_of_row(tx, person, realm["boss"]) == "User"
        assert await type_of_row(tx, person, realm["contact"]) == "Contact"


async def test_a_credential_bound_to_other_sites_is_what_settles_it(proof: Proof) -> None:
    catalogue = built()[2]
    realm, _, who = next(proof.callers("admin bound to gent"))
    spec = catalogue.weighable["Asset"]["name"].spec
    asked = Asked(who.principal, catalogue.entity_of_type["Asset"], realm["valve"], "Asset", "name", spec)

    async with proof.store.transaction(realm.tenant) as tx:
        found = await answer(tx, asked, told=False)

    assert found is not None
    assert found.account.steps[0].rule is Rule.SITES
    assert found.account.because.startswith("The credential is bound to sites")
    assert {one.rule for one in found.account.remedies} == {Rule.SITES}


async def test_a_mask_is_the_last_word_and_changes_no_level(proof: Proof) -> None:
    catalogue = built()[2]
    realm, _, who = next(proof.callers("viewer"))
    spec = catalogue.weighable["User"]["name"].spec
    asked = Asked(who.principal, catalogue.entity_of_type["User"], realm["southerner"], "User", "name", spec)

    async with proof.store.transaction(realm.tenant) as tx:
        found = await answer(tx, asked, told=False)

    assert found is not None
    last = found.account.steps[-1]
    assert (last.rule, last.effect, last.by) == (Rule.MASK, Effect.LEFT, "INITIALS")
    assert (found.read, found.mask, found.reason) == (Reading.MASKED, "INITIALS", "RELATION")
