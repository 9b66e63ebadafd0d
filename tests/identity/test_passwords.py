"""Passwords: which are refused, and that a comparison costs the same whether there is one to compare with."""

import pytest

from isomod_graphql.identity.errors import WeakPassword
from isomod_graphql.identity.passwords import Argon2Passwords, require_strong
from tests.identity.conftest import CHEAP

CONTEXT = ("veronique.vandenberghe@acme-elevators.example", "Veronique Vandenberghe")


@pytest.mark.parametrize(
    "password",
    [
        "short-Aa1!x",
        "aaaaaaaaaaaaaaaa",
        "password1234",
        "qwertyuiop12",
        "veroniquevandenberghe",
        "acme-elevators1",
        "x7" * 65,
    ],
)
async def test_what_would_be_guessed_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        await require_strong(password, context=CONTEXT)

    assert (refused.value.code, refused.value.field) == ("WEAK_PASSWORD", "password")
    assert password not in refused.value.message


@pytest.mark.parametrize(
    "password",
    [
        "quartz-lantern-ferry",
        "blauwe olifant eet soep",
        "ζ" * 3 + "kTq9#vLx2!mWz",
        "m7K" * 20 + "pQz-lantern-ferry",
    ],
)
async def test_a_long_uncommon_one_needs_no_special_signs(password: str) -> None:
    await require_strong(password, context=CONTEXT)


async def test_the_same_signs_match_however_they_are_composed() -> None:
    passwords = Argon2Passwords(CHEAP)
    stored = await passwords.hash("caf\u00e9-terrasse-lumiere")

    assert await passwords.matches(stored, "cafe\u0301-terrasse-lumiere")
    assert not await passwords.matches(stored, "cafe-terrasse-lumiere")
    assert not await passwords.matches(None, "caf\u00e9-terrasse-lumiere")
    assert not await passwords.matches("no hash at all", "x")


async def test_todays_parameters_are_the_librarys() -> None:
    stored = await Argon2Passwords().hash("quartz-lantern-ferry")

    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
