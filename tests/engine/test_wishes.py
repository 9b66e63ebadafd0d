"""Who rejects masks gets all or nothing, and a dry run tells the masks alone: nothing is opened, shown or recorded, on either path."""

from collections.abc import Mapping
from typing import Any

import pytest

from isomod_graphql.core.errors import BadInput
from isomod_graphql.core.keystore import Keystore
from isomod_graphql.core.store import Store
from isomod_graphql.engine.wishes import PLAIN, Wish, wish_of
from permissions.policy_version import POLICY_VERSION
from tests.engine.asking import Below
from tests.engine.graph import Kept, execution_of
from tests.engine.proving import Proof

PEOPLE = "{ users(first: 50) { nodes { displayName email } } }"
DRY, REJECTING = Wish(dry_run=True), Wish(rejects=True)
LEFT = f"{{ organisation {{ slug }} {PEOPLE[2:]}"
"""The same through the reference executor: a field of its own makes it so."""


class Watched(Keystore):
    """A keystore that counts what is asked of it."""

    def __init__(self, keystore: Keystore) -> None:
        self.__dict__.update(keystore.__dict__)
        self.asked = 0

    def opened_values(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  as the one that it stands for
        self.asked += 1
        return super().opened_values(*args, **kwargs)

    def cached_keys(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  as above
        self.asked += 1
        return super().cached_keys(*args, **kwargs)


def asking(proof: Proof, wish: Wish, *, compiles: bool = True) -> tuple[Below, Kept, Watched]:
    """An executor with this wish, what it records, and what it opens."""
    kept, keystore = Kept(), Watched(proof.store.keystore)
    store = Store(proof.store.main, keystore, proof.store.clock)
    return Below(execution_of(store, compiles=compiles, recorder=kept), wish=wish), kept, keystore


@pytest.mark.parametrize("compiles", [True, False])
async def test_a_dry_run_tells_the_masks_of_the_answer_and_nothing_else(
    proof: Proof, *, compiles: bool
) -> None:
    _, _, who = next(proof.callers("quality manager"))
    plain, recorded, _ = asking(proof, PLAIN, compiles=compiles)
    dry, kept, keystore = asking(proof, DRY, compiles=compiles)

    answer, told = await plain(who, PEOPLE), await dry(who, PEOPLE)

    assert told.data is None
    assert told.errors == []
    assert told.extensions == {"masking": answer.extensions["masking"] | {"dryRun": True}}
    assert {entry["mask"] for entry in told.extensions["masking"]["fields"]} >= {"PARTIAL_EMAIL"}
    assert (len(recorded.accesses), kept.accesses) == (1, [])
    assert keystore.asked == 0 or not compiles


@pytest.mark.parametrize("compiles", [True, False])
async def test_a_dry_run_says_so_when_nothing_would_be_masked(proof: Proof, *, compiles: bool) -> None:
    _, _, who = next(proof.callers("admin"))
    dry, kept, _ = asking(proof, DRY, compiles=compiles)

    told = await dry(who, "{ viewer { name email } }")

    masking = {"policyVersion": POLICY_VERSION, "fields": [], "dryRun": True}
    assert (told.data, told.extensions, kept.accesses) == (None, {"masking": masking}, [])


@pytest.mark.parametrize("compiles", [True, False])
@pytest.mark.parametrize("name", ["viewer", "quality manager", "partner", "requester"])
async def test_an_answer_with_a_mask_is_rejected_as_a_whole(
    proof: Proof, name: str, *, compiles: bool
) -> None:
    _, _, who = next(proof.callers(name))
    rejecting, kept, keystore = asking(proof, REJECTING, compiles=compiles)

    answer = await rejecting(who, PEOPLE)

    assert (answer.data, answer.codes, answer.extensions) == (None, ["MASKED_ANSWER_REJECTED"], {})
    assert kept.accesses == []
    assert keystore.asked == 0 or not compiles


@pytest.mark.parametrize("compiles", [True, False])
async def test_an_answer_without_a_mask_is_given_and_recorded_as_ever(
    proof: Proof, *, compiles: bool
) -> None:
    _, _, who = next(proof.callers("admin"))
    plain, recorded, _ = asking(proof, PLAIN, compiles=compiles)
    rejecting, kept, _ = asking(proof, REJECTING, compiles=compiles)
    text = (
        "{ workOrders(first: 50) { nodes { number asset { custodian { displayName } } } } viewer { phone } }"
    )
    shown = "{ workOrders(first: 1, orderBy: NUMBER_ASC) { nodes { requester { displayName phone } } } }"

    for one in (text.replace("custodian { displayName }", "name"), shown):
        assert (await rejecting(who, one)).body == (await plain(who, one)).body

    assert [one.released for one in kept.accesses] == [one.released for one in recorded.accesses]
    assert len(kept.accesses) == 1


async def test_what_the_compiler_leaves_is_treated_alike(proof: Proof) -> None:
    _, _, who = next(proof.callers("quality manager"))
    compiled, _, _ = asking(proof, DRY)
    left, kept, _ = asking(proof, DRY)
    rejecting, rejected, _ = asking(proof, REJECTING)

    assert (await left(who, LEFT)).extensions == (await compiled(who, PEOPLE)).extensions
    assert (await rejecting(who, LEFT)).codes == ["MASKED_ANSWER_REJECTED"]
    assert (kept.accesses, rejected.accesses) == ([], [])


async def test_errors_of_fields_are_told_by_a_dry_run_too(proof: Proof) -> None:
    _, _, who = next(proof.callers("viewer"))
    dry, kept, _ = asking(proof, DRY)
    text = f'{{ viewer {{ email }} node(id: "x") {{ id }} assets(first: 1, after: "{"A" * 40}") {{ totalCount }} }}'

    told = await dry(who, text)

    assert (told.data, told.codes, kept.accesses) == (None, ["CURSOR_INVALID"], [])
    assert told.extensions["masking"]["fields"] == []


@pytest.mark.parametrize("wish", [DRY, REJECTING])
async def test_a_change_is_neither_run_dry_nor_rejected_for_its_masks(proof: Proof, wish: Wish) -> None:
    """It would be over when its masks are known."""
    _, _, who = next(proof.callers("admin"))
    ask, kept, _ = asking(proof, wish)

    answer = await ask(who, "mutation { signOut { userErrors { code } } }")

    assert (answer.data, answer.codes, kept.accesses) == (None, ["BAD_USER_INPUT"], [])


@pytest.mark.parametrize(
    ("extensions", "wish"),
    [
        ({}, PLAIN),
        ({"masking": None}, PLAIN),
        ({"masking": {}}, PLAIN),
        ({"masking": {"onMasked": "NULL", "dryRun": False}, "persistedQuery": {}}, PLAIN),
        ({"masking": {"onMasked": "REJECT"}}, REJECTING),
        ({"masking": {"dryRun": True}}, DRY),
        ({"masking": {"dryRun": True, "onMasked": "REJECT"}}, Wish(rejects=True, dry_run=True)),
    ],
)
def test_a_wish_is_read_from_the_extensions(extensions: Mapping[str, Any], wish: Wish) -> None:
    assert wish_of(extensions) == wish
    assert (wish_of(extensions) is PLAIN) is (wish == PLAIN)


@pytest.mark.parametrize(
    ("masking", "field"),
    [
        ("REJECT", "extensions.masking"),
        ([], "extensions.masking"),
        ({"onmasked": "REJECT"}, "extensions.masking"),
        ({"onMasked": "reject"}, "extensions.masking.onMasked"),
        ({"onMasked": None}, "extensions.masking.onMasked"),
        ({"onMasked": ["REJECT"]}, "extensions.masking.onMasked"),
        ({"dryRun": "true"}, "extensions.masking.dryRun"),
        ({"dryRun": 1}, "extensions.masking.dryRun"),
        ({"dryRun": None}, "extensions.masking.dryRun"),
    ],
)
def test_a_wish_that_is_not_understood_is_refused(masking: Any, field: str) -> None:  # noqa: ANN401  JSON
    with pytest.raises(BadInput) as refusal:
        wish_of({"masking": masking})

    assert refusal.value.field == field
