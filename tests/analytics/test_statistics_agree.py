"""Every way to group work orders and assets, alone and by pairs, and filters at random: both executors and an oracle say the same to everybody."""

from collections.abc import Iterator
from itertools import combinations
from random import Random
from typing import Final

import pytest

from tests.engine.agreeing import Agreement
from tests.engine.graph import built
from tests.engine.weaving import Operation

FIELDS: Final = {
    "workOrderStatistics": (
        "WorkOrderDimension",
        """stage status priority type timeliness createdIn completedIn dueIn count minutesToComplete { sum average }
        site { __typename id name } assignee { __typename id displayName email } requester { id name }""",
    ),
    "assetStatistics": (
        "AssetDimension",
        "status criticality count site { id name } custodian { id displayName }",
    ),
}
FILTERS: Final = {
    "workOrderStatistics": (
        "stage: COMPLETED", "stage: OPEN", "status: CLOSED", "priority: MEDIUM", "type: CORRECTIVE", "timeliness: LATE",
        'createdIn: "2026"', 'createdIn: "2026-Q2"', 'createdIn: "2026-03"', 'completedIn: "2026-Q3"', 'dueIn: "2026-10"',
        "siteId: $gent", 'siteId: "nothing"',
    ),
    "assetStatistics": ("status: OPERATIONAL", "criticality: LOW", "siteId: $gent"),
}  # fmt: skip
CALLERS: Final = (
    "admin", "manager", "manager of gent", "technician on orders", "requester", "viewer of liege", "quality manager", "auditor",
    "privacy officer", "partner with names", "partner for analytics", "admin with a token for names",
)  # fmt: skip


def dimensions(field: str) -> list[str]:
    """Every one that the schema has."""
    return list(built()[1].type_map[FIELDS[field][0]].values)


def asking(field: str, group_by: tuple[str, ...], given: tuple[str, ...]) -> Operation:
    filters = f", filter: {{{', '.join(given)}}}" if given else ""
    text = (
        f"{{ all: {field}(groupBy: [{', '.join(group_by)}]{filters}) {{ __typename total smallestGroup"
        f" groups {{ __typename {FIELDS[field][1]} }} remainder {{ __typename count }} }} }}"
    )
    return Operation(text.replace("{ all", "query ($gent: ID!) { all") if "$gent" in text else text)


def operations(random: Random, many: int) -> Iterator[Operation]:
    """Each grouping, pairs and triples at random, half of them filtered."""
    for field in FIELDS:
        named = dimensions(field)
        ways = [
            (),
            *((one,) for one in named),
            *random.sample([*combinations(named, 2)], min(many, len(named))),
        ]
        for way in ways:
            yield asking(field, way, ())
        for _ in range(many):
            way = tuple(random.sample(named, random.randrange(3)))
            yield asking(
                field, way, tuple(one for one in random.sample(FILTERS[field], 2) if random.random() < 0.8)
            )


@pytest.mark.parametrize("name", CALLERS)
async def test_both_executors_and_the_oracle_count_the_same(crowd: Agreement, name: str) -> None:
    realm, oracle, who = next(crowd.proof.callers(name))
    gent = await crowd.proof.global_id(realm, "Location", realm["gent"])
    before = crowd.answered

    wrong = []
    for one in operations(Random(name), 8):  # noqa: S311  no secret
        variables = {"gent": gent} if "$gent" in one.text else {}
        wrong += await crowd.differences(realm, oracle, who, Operation(one.text, variables))

    print(*wrong, sep="\n")
    assert wrong == []
    assert crowd.answered > before
