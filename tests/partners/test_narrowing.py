"""The parameter that narrows a token: what it says is read exactly, everything else is refused."""

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isomod_graphql.partners.errors import InvalidAuthorizationDetails
from isomod_graphql.partners.narrowing import Narrowing, narrowing_of, told
from permissions.categories import Category
from permissions.caveats import UNRESTRICTED, Caveats


def entry(**members: object) -> str:
    return json.dumps([{"type": "isomod", **members}])


def test_without_the_parameter_nothing_is_narrowed() -> None:
    assert narrowing_of(None) == narrowing_of(entry()) == Narrowing()


def test_every_member_is_read() -> None:
    text = entry(
        sites=["a", "b"],
        categories=["IDENTITY", "TIME"],
        networks=["192.0.2.0/24", "2001:db8::/32"],
        expires_in=60,
    )

    assert narrowing_of(text) == Narrowing(
        sites=frozenset({"a", "b"}),
        categories=frozenset({Category.IDENTITY, Category.TIME}),
        networks=("192.0.2.0/24", "2001:db8::/32"),
        expires_in=60,
    )


def test_no_site_and_no_category_is_nothing_and_not_everything() -> None:
    assert narrowing_of(entry(sites=[], categories=[])) == Narrowing(
        sites=frozenset(), categories=frozenset()
    )


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "null", "nonsense", "[null]", '{"type": "isomod"}', "[" * 100_000,
        '[{"type": "isomod"}, {"type": "isomod"}]', '[{"type": "other"}]', "[{}]",
        entry(scopes=["admin"]), entry(sites="a"), entry(sites=[1]), entry(sites=None), entry(sites=["a"] * 101),
        entry(categories=["OPERATIONAL"]), entry(categories=["identity"]), entry(categories=[None]),
        entry(networks=[]), entry(networks=["192.0.2.1/24"]), entry(networks=["office"]),
        entry(expires_in=0), entry(expires_in=3_601), entry(expires_in=-1), entry(expires_in="60"),
        entry(expires_in=True), entry(expires_in=60.5), entry(expires_in=None),
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidAuthorizationDetails):
        narrowing_of(text)


@given(
    st.text() | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(json.dumps)
)
def test_no_text_is_read_as_something_that_it_does_not_say(text: str) -> None:
    with pytest.raises(InvalidAuthorizationDetails):
        narrowing_of(text)


def test_what_is_told_of_a_token_can_be_asked_for_again() -> None:
    caveats = Caveats(
        sites=frozenset({UUID(int=2), UUID(int=1)}),
        networks=("192.0.2.0/24",),
        categories=frozenset({Category.TIME}),
    )

    entries = told(caveats, str)

    assert entries == [
        {
            "type": "isomod",
            "sites": [str(UUID(int=1)), str(UUID(int=2))],
            "categories": ["TIME"],
            "networks": ["192.0.2.0/24"],
        }
    ]
    asked = narrowing_of(json.dumps(entries))
    assert asked.sites == frozenset({str(UUID(int=1)), str(UUID(int=2))})
    assert (asked.categories, asked.networks) == (caveats.categories, caveats.networks)
    assert told(UNRESTRICTED, str) == []
