"""`extensions.masking` holds for every path by which a value is reached: nested, in lists of mixed kinds, under aliases, and when there is too much to list."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isomod_graphql.engine.masking import MAX_BYTES, Finding, foretold, masking_of_findings
from isomod_graphql.engine.projection import Withheld
from permissions.decisions import Reason
from permissions.policy_version import POLICY_VERSION
from tests.engine.asking import Answer, Ask, Caller
from tests.engine.callers import PARTS
from tests.engine.documents import deep, listed_masks, objects
from tests.engine.graph import built
from tests.engine.known import PERSONAL_SETS
from tests.engine.oracle import FIELDS, Oracle
from tests.engine.proving import Proof
from tests.engine.realm import Realm


async def wrong_objects(
    proof: Proof, realm: Realm, oracle: Oracle, who: Caller, answer: Answer
) -> list[tuple[Any, ...]]:
    """Every object of the answer that has an id, compared with the oracle field by field."""
    masks = listed_masks(answer.data, answer.extensions.get("masking", {}))
    known = {text: (of, row) for of in FIELDS for row, text in await proof.rows(realm, oracle, of)}
    wrong: list[tuple[Any, ...]] = []
    now = proof.store.clock.now()
    for path, value in objects(answer.data):
        if "id" not in value:
            continue
        type_name, row = known[value["id"]]
        if value["__typename"] != type_name:
            wrong.append((path, value["__typename"], type_name))
        for name, shown in value.items():
            field = {**FIELDS[type_name][1], **PERSONAL_SETS}.get(name)
            if field is None or field.to is not None:
                continue
            value_of = [known[one["id"]][1] for one in shown] if isinstance(shown, list) else shown
            seen = await oracle.seen(who.principal, now, type_name, row, name)
            listed = masks.pop((*path, name), [])
            told = [(f"{type_name}.{name}", *seen.withheld)] if seen and seen.withheld else []
            if seen is None or value_of != seen.value or listed != told:
                wrong.append(((*path, name), shown, seen, listed))
    return wrong + list(masks.items())


@pytest.mark.parametrize("name", PARTS)
async def test_a_value_does_not_depend_on_the_path_that_led_to_it(proof: Proof, ask: Ask, name: str) -> None:
    realm, oracle, who = next(proof.callers(name))
    _, core, catalogue = built()

    answer = await ask(who, deep(core, catalogue, tuple(FIELDS)))

    assert answer.errors == []
    assert "truncated" not in answer.extensions.get("masking", {})
    assert await wrong_objects(proof, realm, oracle, who, answer) == []


@pytest.mark.parametrize(
    "name", ["viewer", "requester", "quality manager", "partner", "technician on orders"]
)
async def test_rows_of_several_kinds_in_one_list_are_told_apart(proof: Proof, ask: Ask, name: str) -> None:
    """A client counts what stands under the path, whether or not a value is about a person."""
    realm, oracle, who = next(proof.callers(name))
    kinds = {"Asset": "tag", "User": "email", "Location": "address", "Contact": "jobTitle"}
    rows = [(of, *row) for of in kinds for row in await proof.rows(realm, oracle, of)]
    rows = rows[::2] + rows[1::2]
    chosen = " ".join(f"... on {of} {{ shown: {field} }}" for of, field in kinds.items())
    text = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {chosen} }} }}"

    answer = await ask(who, text, {"ids": [row[2] for row in rows]})

    now = proof.store.clock.now()
    seen = [await oracle.seen(who.principal, now, of, row, kinds[of]) for of, row, _ in rows]
    expected = {
        ("nodes", at, "shown"): [(f"{of}.{kinds[of]}", *cell.withheld)]
        for at, ((of, *_), cell) in enumerate(zip(rows, seen, strict=True))
        if cell is not None and cell.withheld
    }
    assert answer.errors == []
    assert [node and node["shown"] for node in answer.data["nodes"]] == [cell and cell.value for cell in seen]
    assert listed_masks(answer.data, answer.extensions["masking"]) == expected
    assert expected != {}


def cut(fields: list[dict[str, Any]]) -> dict[str, Any]:
    """The rule, one entry after the other from the end."""
    masking: dict[str, Any] = {"policyVersion": POLICY_VERSION, "fields": fields}
    if len(orjson.dumps(foretold(masking))) > MAX_BYTES:
        some = [one if one["rows"] == "ALL" else {**one, "rows": "SOME"} for one in fields]
        masking = {"policyVersion": POLICY_VERSION, "fields": some, "truncated": True}
    while len(orjson.dumps(foretold(masking))) > MAX_BYTES:
        masking["fields"].pop()
    return masking


@given(
    st.dictionaries(
        st.text("ab", max_size=400),
        st.lists(
            st.sampled_from([None, Withheld("NULL", Reason.ROLE), Withheld("INITIALS", Reason.ROLE)]),
            min_size=1,
            max_size=30,
        ),
        max_size=40,
    ),
    st.integers(1, 10),
)
def test_as_many_entries_as_fit_are_listed_from_the_first(
    found: dict[str, list[Withheld | None]], times: int
) -> None:
    findings: dict[tuple[str, ...], list[Finding]] = {
        (path * times, "*", "name"): [("Person.name", one) for one in marks] for path, marks in found.items()
    }
    each = [masking_of_findings({path: findings[path]}) for path in sorted(findings)]

    assert masking_of_findings(findings) == cut([entry for one in each for entry in one["fields"]])


async def test_a_list_that_grows_too_long_says_so_and_stays_true(proof: Proof, ask: Ask) -> None:
    _, _, who = next(proof.callers("partner"))
    page = "users(first: 50) { nodes { name phone email jobTitle address locale displayName lastSeenAt } }"
    text = " ".join(f"list{at}: {page}" for at in range(12))

    answer = await ask(who, f"{{ {text} }}")

    masking = answer.extensions["masking"]
    assert masking["truncated"] is True
    assert len(orjson.dumps(foretold(masking))) <= 8_192
    assert {entry["rows"] for entry in masking["fields"]} == {"ALL", "SOME"}
    for entry in masking["fields"]:
        path = entry["path"]
        values = [node[path[-1]] for node in answer.data[path[0]]["nodes"]]
        assert entry["rows"] == "SOME" or entry["mask"] != "NULL" or set(values) == {None}
