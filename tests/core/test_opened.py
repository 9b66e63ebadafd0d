"""Opened keys and what they opened: bounded, brief, bound to their place, and gone with the key."""

import gc
import sys
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from isomod_graphql.core.crypto import Place, SealBroken, new_key, place_of, seal_pack
from isomod_graphql.core.opened import PER_BYTE, PER_PACK, KeyCache, OpenedKey, recalled
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.shredding import destroy_keys, write_intent
from isomod_graphql.core.store import Store
from permissions.categories import Keep

TENANT, ROW = UUID(int=1), UUID(int=2)
PEOPLE = place_of(TENANT, "people", "account_pack")
ROOM = 10**6


def number(value: int) -> bytes:
    """A key id."""
    return UUID(int=value).bytes


def opened(cache: KeyCache, value: int = 7) -> OpenedKey:
    """A fresh key in the cache."""
    key = cache.put(number(value), AESGCM(new_key()))
    assert key is not None
    return key


def sealed(key: OpenedKey, text: str = "Canary-3301", row: UUID = ROW) -> bytes:
    """A pack of one value."""
    place = Place(TENANT, "people", row, "account_pack")
    return seal_pack(key.cipher, UUID(bytes=key.id), place, {1: text})


def reachable(start: object, text: str) -> bool:
    """Whether any object that hangs on `start` holds the text."""
    seen: set[int] = set()
    todo: list[Any] = [start]
    while todo:
        one = todo.pop()
        if id(one) in seen or isinstance(one, type):
            continue
        seen.add(id(one))
        if isinstance(one, str) and text in one:
            return True
        todo.extend(gc.get_referents(one))
    return False


def test_a_pack_is_opened_once() -> None:
    key = opened(KeyCache(10, 60, ROOM))
    pack = sealed(key)

    first = key.open(PEOPLE, ROW.bytes, pack)

    assert first == {"1": "Canary-3301"}
    assert key.open(PEOPLE, ROW.bytes, bytes(bytearray(pack))) is first


@pytest.mark.parametrize(
    ("place", "row"),
    [
        (PEOPLE, UUID(int=3)),
        (place_of(UUID(int=9), "people", "account_pack"), ROW),
        (place_of(TENANT, "people", "evidence_pack"), ROW),
        (place_of(TENANT, "contacts", "account_pack"), ROW),
    ],
)
def test_what_was_opened_in_one_place_is_not_opened_in_another(place: bytes, row: UUID) -> None:
    key = opened(KeyCache(10, 60, ROOM))
    pack = sealed(key)
    key.open(PEOPLE, ROW.bytes, pack)

    with pytest.raises(SealBroken):
        key.open(place, row.bytes, pack)


def test_a_changed_pack_is_not_taken_for_the_one_that_was_opened() -> None:
    key = opened(KeyCache(10, 60, ROOM))
    pack = sealed(key)
    key.open(PEOPLE, ROW.bytes, pack)

    with pytest.raises(SealBroken):
        key.open(PEOPLE, ROW.bytes, pack[:-1] + bytes([pack[-1] ^ 1]))


def test_a_row_that_was_sealed_anew_is_known_by_its_new_pack_alone() -> None:
    cache = KeyCache(10, 60, ROOM)
    old, new = opened(cache, 1), opened(cache, 2)
    packs = [sealed(old, "before"), sealed(new, "after")]
    old.open(PEOPLE, ROW.bytes, packs[0])
    new.open(PEOPLE, ROW.bytes, packs[1])
    rows = [ROW.bytes, ROW.bytes, None, b"x" * 16]

    known = recalled(cache.opened(PEOPLE), rows, [*packs, None, packs[1]])
    cache.mark_destroyed(old.id)

    assert known == [None, {"1": "after"}, None, None]
    assert recalled(cache.opened(PEOPLE), rows[1:2], packs[1:]) == [{"1": "after"}]
    cache.mark_destroyed(new.id)
    assert recalled(cache.opened(PEOPLE), rows[1:2], packs[1:]) == [None]


def test_nothing_that_a_destroyed_key_opened_is_reachable() -> None:
    cache = KeyCache(10, 60, ROOM)
    key = opened(cache)
    key.open(PEOPLE, ROW.bytes, sealed(key))
    assert reachable(cache, "Canary-3301")

    cache.mark_destroyed(key.id)

    assert not reachable(cache, "Canary-3301")
    assert not reachable(key, "Canary-3301")


def test_a_request_that_still_holds_a_destroyed_key_leaves_nothing_behind() -> None:
    cache = KeyCache(10, 60, ROOM)
    key = opened(cache)
    pack = sealed(key)
    cache.mark_destroyed(key.id)

    assert key.open(PEOPLE, ROW.bytes, pack) == {"1": "Canary-3301"}
    assert not reachable([cache, key], "Canary-3301")


@pytest.mark.parametrize("why", ["too old", "too many", "fetched again"])
def test_opened_values_go_with_their_key(why: str) -> None:
    cache = KeyCache(2, 60, ROOM)
    key = opened(cache)
    key.open(PEOPLE, ROW.bytes, sealed(key))

    if why == "too old":
        key.expires = 0
        cache.known([])
    else:
        for value in (7, 7) if why == "fetched again" else (8, 9):
            opened(cache, value)

    assert not reachable([cache, key], "Canary-3301")


def test_opened_values_are_bounded_in_bytes() -> None:
    cache = KeyCache(10, 60, 2 * (PER_PACK + PER_BYTE * 200))
    keys = [opened(cache, value) for value in range(3)]
    for value, key in enumerate(keys):
        row = UUID(int=value)
        key.open(PEOPLE, row.bytes, sealed(key, f"Canary-{value}", row))

    assert [reachable(cache, f"Canary-{value}") for value in range(3)] == [False, True, True]
    assert set(cache.known([key.id for key in keys])[0]) == {key.id for key in keys}


def test_without_room_nothing_is_kept() -> None:
    cache = KeyCache(10, 60, 0)
    key = opened(cache)

    key.open(PEOPLE, ROW.bytes, sealed(key))

    assert not reachable(cache, "Canary-3301")


def test_what_opened_values_weigh_is_not_underestimated() -> None:
    key = opened(KeyCache(10, 60, ROOM))
    for text in ("", "x", "Zoë", "long " * 200):
        pack = sealed(key, text)
        values = key.open(PEOPLE, ROW.bytes, pack)

        assert _weight(values) + sys.getsizeof(pack) + sys.getsizeof(ROW.bytes) < PER_PACK + PER_BYTE * len(
            pack
        )


def _weight(values: Mapping[str, Any]) -> int:
    inside = sum(sys.getsizeof(part) for pair in values.items() for part in pair)
    return sys.getsizeof(values) + inside + sys.getsizeof((1, 2, 3))


def test_a_late_answer_does_not_revive_a_destroyed_key() -> None:
    cache = KeyCache(10, 60)
    cache.mark_destroyed(number(7))

    assert cache.put(number(7), AESGCM(new_key())) is None
    assert cache.every([number(7)]) == {}
    assert cache.known([number(7)]) == ({}, [])


def test_keys_are_bounded_in_number_and_age() -> None:
    small, brief = KeyCache(2, 60), KeyCache(2, -1)
    for value in range(3):
        opened(small, value)
    opened(brief, 0)

    assert small.known([number(value) for value in range(3)])[1] == [number(0)]
    assert brief.every([number(0)]) is None


def test_all_keys_are_given_at_once_or_none() -> None:
    cache = KeyCache(10, 60)
    keys = {value: opened(cache, value) for value in range(3)}
    cache.mark_destroyed(number(2))

    assert cache.every([number(0), number(1)]) == {number(0): keys[0], number(1): keys[1]}
    assert cache.every([number(0), number(2)]) == {number(0): keys[0]}
    assert cache.every([number(0), number(5)]) is None


async def test_an_erasure_takes_the_opened_values_with_it(store: Store, tenant: UUID) -> None:
    keystore, subject = store.keystore, UUID(int=77)
    async with keystore.writing(tenant) as scope:
        key_id = (await scope.key(subject, Keep.ACCOUNT)).id
    key = (await keystore.opened_keys(tenant, [key_id.bytes]))[key_id.bytes]
    place = place_of(tenant, "people", "account_pack")
    pack = seal_pack(key.cipher, key_id, Place(tenant, "people", ROW, "account_pack"), {1: "Canary-3302"})
    key.open(place, ROW.bytes, pack)
    assert reachable(keystore.cache, "Canary-3302")

    intent = await write_intent(
        keystore, store.clock.now(), tenant_id=tenant, subject_id=subject, ground="REQUEST", actor_id=subject
    )
    await destroy_keys(keystore, store.clock.now(), intent, frozenset({Keep.ACCOUNT}))

    assert not reachable(keystore.cache, "Canary-3302")
    assert await keystore.opened_keys(tenant, [key_id.bytes]) == {}


def test_opened_values_live_no_longer_than_a_key_may() -> None:
    settings = Settings()

    assert (settings.key_cache_seconds, settings.opened_cache_mb) == (60, 32)
