"""Which groups are told, and that nobody learns more from two answers than from each: an attacker subtracts everything that can be subtracted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from random import Random
from typing import Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from permissions.suppression import NOTHING_TOLD, Answer, Axis, Key, Tables, answer

K: Final = 3
COLOUR, MONTH, WHO = 0, 1, 2
COLOURS: Final = ("green", "red", "white")
MONTHS: Final = (0, 1, 2, 3)
"""Two in each quarter."""
PEOPLE: Final = ("ann", "ben", "cas", "dirk", None)
Row = tuple[str, int, str | None]
EVERY_POINT: Final = frozenset(product(COLOURS, MONTHS, PEOPLE))
rows_of_anything = st.lists(
    st.tuples(st.sampled_from(COLOURS), st.sampled_from(MONTHS), st.sampled_from(PEOPLE)), max_size=60
)


class Query(NamedTuple):
    """How finely it groups by each of the three, and the value of a filter per level."""

    depths: tuple[int, int, int]
    within: tuple[tuple[int, int, object], ...]


class Block(NamedTuple):
    """Points of which an answer says how many rows they have together."""

    points: frozenset[Row]
    rows: int


filters = st.tuples(
    st.none() | st.sampled_from(COLOURS).map(lambda one: (COLOUR, 1, one)),
    st.none()
    | st.sampled_from((0, 1)).map(lambda one: (MONTH, 1, one))
    | st.sampled_from(MONTHS).map(lambda one: (MONTH, 2, one)),
)
queries = st.builds(
    lambda depths, given: Query(depths, tuple(one for one in given if one is not None)),
    st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 1)),
    filters,
)


def quarter_of(month: int) -> int:
    return month // 2


def depths_of(query: Query) -> tuple[int, ...]:
    """With what the filter needs."""
    found = list(query.depths)
    for at, level, _ in query.within:
        found[at] = max(found[at], level)
    return tuple(found)


def value_of(point: Row, at: int, level: int) -> object:
    value = point[at]
    return quarter_of(int(str(value))) if at == MONTH and level == 1 else value


def ask(rows: Sequence[Row], query: Query, hidden: frozenset[str] = frozenset(), k: int = K) -> Answer:
    """As the product asks: cells at the finest levels that matter, and nothing of the filter."""
    depths = depths_of(query)
    used = [at for at, depth in enumerate(depths) if depth]
    cells = Counter(tuple(value_of(row, at, depths[at]) for at in used) for row in rows)
    axes = [Axis((quarter_of,) if at == MONTH and depths[at] == 2 else (), people=at == WHO) for at in used]
    within = [(used.index(at), level, value) for at, level, value in query.within]
    return answer(Tables(axes, cells, hidden, k), within)


def blocks(rows: Sequence[Row], query: Query, told: Answer) -> list[Block]:
    """What the answer says, of points."""
    depths = depths_of(query)
    used = [at for at, depth in enumerate(depths) if depth]

    def block(points: frozenset[Row]) -> Block:
        return Block(points, sum(row in points for row in rows))

    inside = frozenset(
        point
        for point in EVERY_POINT
        if all(value_of(point, at, level) == value for at, level, value in query.within)
    )
    groups = [
        frozenset(p for p in inside if tuple(value_of(p, at, depths[at]) for at in used) == key)
        for key in told.groups
    ]
    found = [block(points) for points in groups]
    if told.total is not None:
        found.append(block(inside.difference(*groups)))
    return found


def differences(minuend: Sequence[Block], subtrahend: Sequence[Block], random: Random) -> Iterator[int]:
    """How many rows are left when blocks of one answer are taken from those of another that surely hold them."""
    subsets = (
        product((False, True), repeat=len(subtrahend))
        if len(subtrahend) <= 8
        else ([random.random() < 0.5 for _ in subtrahend] for _ in range(200))
    )
    for chosen in subsets:
        taken = [one for one, wanted in zip(subtrahend, chosen, strict=True) if wanted]
        points = frozenset().union(*(one.points for one in taken))
        holding = [one for one in minuend if one.points & points]
        if points <= frozenset().union(*(one.points for one in holding)):
            yield sum(one.rows for one in holding) - sum(one.rows for one in taken)


@settings(max_examples=300, deadline=None)
@given(rows_of_anything, queries, queries, st.frozensets(st.sampled_from(["ann", "ben"])), st.integers(0, 99))
def test_no_difference_of_two_answers_is_of_fewer_than_k_rows(
    rows: list[Row], one: Query, other: Query, hidden: frozenset[str], seed: int
) -> None:
    random = Random(seed)  # noqa: S311  no secret
    told = [blocks(rows, query, ask(rows, query, hidden)) for query in (one, other)]

    left = {*differences(told[0], told[1], random), *differences(told[1], told[0], random)}
    left |= {one.rows for block in told for one in block}

    assert [count for count in left if 0 < count < K] == []


def test_the_attack_finds_what_the_size_of_groups_alone_would_tell() -> None:
    """Nine green rows of ten, and all ten."""
    green = frozenset(point for point in EVERY_POINT if point[COLOUR] == "green")
    known = [Block(EVERY_POINT, 10)], [Block(green, 9)]

    assert set(differences(*known, Random(0))) == {0, 1}  # noqa: S311  no secret


@settings(max_examples=200, deadline=None)
@given(rows_of_anything, st.integers(0, 1), st.frozensets(st.sampled_from(["ann", "ben"])))
def test_a_remainder_of_people_is_of_nobody_or_of_k(
    rows: list[Row], colour: int, hidden: frozenset[str]
) -> None:
    told = ask(rows, Query((colour, 0, 1), ()), hidden)
    named = {(key[:-1], key[-1]) for key in told.groups}

    assert not {who for _, who in named} & hidden
    for kind in {key for key, _ in named}:
        here = {row[WHO] for row in rows if not colour or (row[0],) == kind}
        left = {who for who in here if (kind, who) not in named and who is not None}
        assert not left or len(left) >= K


@settings(max_examples=200, deadline=None)
@given(rows_of_anything, queries, st.integers(0, 99))
def test_counts_add_up_and_neither_a_filter_nor_the_order_of_cells_changes_what_is_told(
    rows: list[Row], query: Query, seed: int
) -> None:
    depths = depths_of(query)
    whole = ask(rows, Query((depths[0], depths[1], depths[2]), ()))
    shuffled = rows.copy()
    Random(seed).shuffle(shuffled)  # noqa: S311  no secret

    assert ask(shuffled, query) == ask(rows, query)
    assert set(ask(rows, query).groups) <= set(whole.groups)
    if whole.total is not None:
        told = blocks(rows, Query((depths[0], depths[1], depths[2]), ()), whole)
        assert whole.total == len(rows) == sum(one.rows for one in told)
        assert (whole.rest or 0) == told[-1].rows


def rows(**counts: int) -> list[Row]:
    """So many of each colour."""
    return [(colour, 0, None) for colour, count in counts.items() for _ in range(count)]


BY_COLOUR: Final = Query((1, 0, 0), ())


def told_by_colour(*given: Row, k: int = 5) -> tuple[dict[Key, int], int | None, int | None]:
    told = ask(given, BY_COLOUR, k=k)
    counts = Counter((row[0],) for row in given)
    return {key: counts[key[0],] for key in told.groups}, told.total, told.rest  # type: ignore[index]  # a colour


def test_groups_of_five_are_told_and_smaller_ones_are_left_over_together() -> None:
    assert told_by_colour(*rows(green=9, red=3, white=4)) == ({("green",): 9}, 16, 7)


def test_a_single_small_group_takes_the_smallest_other_one_along() -> None:
    assert told_by_colour(*rows(green=9, red=3, white=6)) == ({("green",): 9}, 18, 9)


def test_of_fewer_than_five_rows_nothing_is_told_and_an_empty_set_looks_the_same() -> None:
    assert ask(rows(green=4), BY_COLOUR, k=5) == NOTHING_TOLD
    assert ask([], BY_COLOUR, k=5) == NOTHING_TOLD
    assert ask(rows(green=4), Query((0, 0, 0), ()), k=5) == NOTHING_TOLD


def test_a_filter_is_not_told_where_its_complement_is_small() -> None:
    """All but one are green: who subtracts them from all would know the one."""
    assert ask(rows(green=9, red=1), Query((0, 0, 0), ((COLOUR, 1, "green"),)), k=5) == NOTHING_TOLD
    assert ask(rows(green=9, red=5), Query((0, 0, 0), ((COLOUR, 1, "green"),)), k=5).total == 9


def test_what_is_left_over_inside_a_filter_is_not_counted() -> None:
    given = [("green", month, None) for month, count in ((0, 9), (2, 2), (3, 3)) for _ in range(count)]
    given += [("red", 0, None)] * 9
    told = ask(given, Query((0, 2, 0), ((COLOUR, 1, "green"),)), k=5)

    assert told == Answer((("green", 0),), None, remains=True, rest=None)


def test_a_hidden_person_is_left_over_with_at_least_five_people() -> None:
    crew = [("green", 0, who) for who in "abcdefg" for _ in range(5 + "abcdefg".index(who))]
    told = ask(crew, Query((0, 0, 1), ()), frozenset("g"), k=5)

    assert told.groups == (("e",), ("f",))
    assert told.rest == 5 + 6 + 7 + 8 + 11


def test_where_fewer_than_five_people_are_and_one_is_hidden_nobody_is_named() -> None:
    crew = [("green", 0, who) for who in "abcd" for _ in range(9)]

    assert ask(crew, Query((0, 0, 1), ()), frozenset("d"), k=5) == Answer((), 36, remains=True, rest=36)
    assert ask(crew, Query((0, 0, 1), ()), k=5).groups == (("a",), ("b",), ("c",), ("d",))


@pytest.mark.parametrize("k", [2, 5])
def test_the_smallest_group_is_what_the_policy_says_it_is(k: int) -> None:
    assert ask(rows(green=k), BY_COLOUR, k=k).groups == (("green",),)
    assert ask(rows(green=k - 1), BY_COLOUR, k=k) == NOTHING_TOLD
