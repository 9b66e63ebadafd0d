"""Ids of rows follow the order in which they are made. Global ids: the same for the same row however they are made, another for every kind and tenant, and few are remembered."""

from datetime import timedelta
from itertools import pairwise
from uuid import RFC_4122, UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isomod_graphql.core.errors import NotFound
from isomod_graphql.core.ids import LATELY, GlobalId, IdCipher, new_id
from tests.conftest import START

TENANT, OTHER = UUID(int=1), UUID(int=2)
KEY = bytes(range(32))


@given(steps=st.lists(st.integers(-2, 2), max_size=50))
def test_a_row_id_tells_its_millisecond_and_is_listed_after_those_made_before_it(steps: list[int]) -> None:
    now, made = START, []
    for step in steps:
        now += timedelta(milliseconds=step)
        made.append((now, new_id(now)))

    assert [(one.version, one.variant) for _, one in made] == [(7, RFC_4122)] * len(made)
    assert [one.int >> 80 for _, one in made] == [round(at.timestamp() * 1000) for at, _ in made]
    for (earlier, before), (later, after) in pairwise(made):
        assert (before < after) is (earlier <= later)


def test_row_ids_of_one_millisecond_do_not_tell_how_many_there_were() -> None:
    ids = [new_id(START).int for _ in range(100)]

    assert len({after - before for before, after in pairwise(ids)}) > 90


def test_ids_made_together_are_those_made_one_by_one() -> None:
    cipher = IdCipher(TENANT, KEY)
    rows = [uuid4() for _ in range(5)]
    alone = [cipher.seal(4, row) for row in rows]

    first = cipher.seal_all(4, [rows[0].bytes, None, rows[1].bytes])
    mixed = cipher.seal_all(4, (rows[1].bytes, rows[2].bytes, None, rows[2].bytes, rows[0].bytes))

    assert first == [alone[0], None, alone[1]]
    assert mixed == [alone[1], alone[2], None, alone[2], alone[0]]
    assert cipher.seal_all(4, []) == []
    assert cipher.seal_all(4, [None]) == [None]
    assert cipher.open(alone[3]) == GlobalId(4, TENANT, rows[3])


def test_what_is_remembered_belongs_to_one_cipher_and_kind_of_row() -> None:
    row = uuid4()
    mine, theirs, renewed = IdCipher(TENANT, KEY), IdCipher(OTHER, KEY), IdCipher(TENANT, KEY[::-1])

    ids = [cipher.seal_all(kind, [row.bytes])[0] for cipher in (mine, theirs, renewed) for kind in (3, 4)]

    assert len(set(ids)) == 6
    assert ids[1] == mine.seal(4, row)
    assert ids[4:] == [renewed.seal(3, row), renewed.seal(4, row)]
    with pytest.raises(NotFound):
        theirs.open(ids[0] or "")


def test_few_ids_are_remembered() -> None:
    """However many are made, and by however many ciphers."""
    ciphers = [IdCipher(UUID(int=at), KEY) for at in range(8)]
    for cipher in ciphers:
        for _ in range(3):
            rows = [uuid4() for _ in range(LATELY // 8)]
            assert cipher.seal_all(1, [row.bytes for row in rows])[-1] == cipher.seal(1, rows[-1])
    many = [uuid4().bytes for _ in range(LATELY)]

    assert ciphers[0].seal_all(1, many)[7] == ciphers[0].seal(1, UUID(bytes=many[7]))
    assert sum(len(part) for cipher in ciphers for part in cipher._lately.values()) <= LATELY
    assert many[7] not in ciphers[0]._lately[1]
