"""A caveat narrows and never widens, whichever way two of them are put together."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permissions.categories import Category
from permissions.caveats import (
    NOWHERE,
    UNRESTRICTED,
    Caveats,
    admits_address,
    admits_time,
    is_narrower,
    narrow,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ADDRESSES = (
    "10.1.2.3",
    "10.9.9.9",
    "192.0.2.7",
    "203.0.113.9",
    "2001:db8::1",
    "2001:db8:1::1",
    "::ffff:10.1.2.3",
    "::",
)

caveats = st.from_type(Caveats)


@given(caveats, caveats, st.sampled_from(ADDRESSES))
def test_an_address_passes_the_two_together_when_it_passes_each(
    one: Caveats, other: Caveats, address: str
) -> None:
    both = admits_address(one, address) and admits_address(other, address)

    assert admits_address(narrow(one, other), address) is both


@given(caveats, caveats, st.sampled_from((NOW - timedelta(hours=1), NOW, NOW + timedelta(hours=1))))
def test_a_moment_passes_the_two_together_when_it_passes_each(
    one: Caveats, other: Caveats, now: datetime
) -> None:
    assert admits_time(narrow(one, other), now) is (admits_time(one, now) and admits_time(other, now))


@given(caveats, caveats)
def test_narrowing_gives_something_narrower_than_both(one: Caveats, other: Caveats) -> None:
    together = narrow(one, other)

    assert is_narrower(together, one)
    assert is_narrower(together, other)
    assert is_narrower(one, UNRESTRICTED)


@given(caveats, caveats, caveats)
def test_the_order_of_narrowing_does_not_matter(one: Caveats, two: Caveats, three: Caveats) -> None:
    assert narrow(one, two) == narrow(two, one)
    assert narrow(narrow(one, two), three) == narrow(one, narrow(two, three))


def test_wider_in_any_one_respect_is_not_narrower() -> None:
    parent = Caveats(
        sites=frozenset({UUID(int=1)}),
        networks=("10.0.0.0/8",),
        not_after=NOW,
        categories=frozenset({Category.IDENTITY}),
    )

    assert not is_narrower(Caveats(networks=("10.0.0.0/8",), not_after=NOW, categories=frozenset()), parent)
    assert not is_narrower(UNRESTRICTED, parent)
    assert is_narrower(parent, parent)


def test_networks_without_a_common_address_admit_nobody() -> None:
    together = narrow(Caveats(networks=("10.0.0.0/8",)), Caveats(networks=("192.0.2.0/24",)))

    assert together.networks == NOWHERE
    assert [admits_address(together, address) for address in ADDRESSES] == [False] * len(ADDRESSES)


def test_an_address_that_cannot_be_read_is_refused_only_where_networks_are_named() -> None:
    assert not admits_address(Caveats(networks=("0.0.0.0/0",)), "unix:/run/socket")
    assert admits_address(UNRESTRICTED, "unix:/run/socket")


@pytest.mark.parametrize("network", ["10.0.0.1/8", "office", "10.0.0.0/33"])
def test_a_network_that_is_no_network_is_refused(network: str) -> None:
    with pytest.raises(ValueError, match=network.split("/", maxsplit=1)[0]):
        Caveats(networks=(network,))


def test_an_end_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Caveats(not_after=NOW.replace(tzinfo=None))
