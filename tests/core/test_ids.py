"""Global ids: the same for the same row however they are made, another for every kind and tenant, and few are remembered."""

from uuid import UUID, uuid4

import pytest

from isomod_graphql.core.errors import NotFound
from isomod_graphql.core.ids import LATELY, GlobalId, IdCipher

TENANT, OTHER = UUID(int=1), UUID(int=2)
KEY = bytes(range(32))


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
