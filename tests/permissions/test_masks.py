"""What every mask promises: one shape for every input, the sign in every text, nothing but what it states to keep."""

from datetime import date
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permissions.masks import (
    MASK_SIGN,
    MASKS,
    NULL,
    coarse_area,
    initials,
    ip_prefix,
    is_masked_text,
    partial_email,
    partial_phone,
    pseudonym,
    year,
)

TEXT_MASKS: Final = (initials, partial_email, partial_phone, ip_prefix)
LENGTHS: Final = {"initials": 7, "partial_email": 8, "partial_phone": 10, "ip_prefix": 11}

texts = (
    st.none()
    | st.text()
    | st.emails()
    | st.ip_addresses().map(str)
    | st.text(alphabet="0123456789 +", max_size=20)
)


@given(texts)
def test_a_text_mask_shows_the_sign_and_one_length_for_every_input(value: str | None) -> None:
    masked = {mask.__name__: mask(value) for mask in TEXT_MASKS}

    assert all(is_masked_text(text) for text in masked.values())
    assert {name: len(text) for name, text in masked.items()} == LENGTHS


@given(
    st.text(alphabet=st.characters(categories=["L"]), min_size=1), st.text(min_size=0), st.text(min_size=0)
)
def test_initials_depend_on_nothing_but_the_first_letter_of_a_word(word: str, one: str, other: str) -> None:
    first, second = "".join(one.split()), "".join(other.split())

    assert initials(word[0] + first) == initials(word[0] + second)


@given(
    st.text(alphabet="0123456789", min_size=6, max_size=6),
    st.text(alphabet="0123456789", min_size=4, max_size=16),
)
def test_two_numbers_with_the_same_ending_look_the_same(one: str, other: str) -> None:
    assert partial_phone(one) == partial_phone(other + one[-2:])


@given(st.emails(), st.emails())
def test_the_domain_of_an_address_leaves_no_trace(one: str, other: str) -> None:
    assert partial_email("jan@" + one) == partial_email("joris.peeters@" + other)


def test_the_shapes_are_the_documented_ones() -> None:
    assert initials("Jan Peeters") == "J•• P••"
    assert initials("  jan  van den peeters ") == "J•• P••"
    assert initials("Cher") == "C•• •••"
    assert initials("ß Őry") == "ß•• Ő••"
    assert partial_email("Jan.Peeters@isomod.be") == "j•••@•••"
    assert partial_phone("+32 470 12 34 12") == "•••• •• 12"
    assert partial_phone("12345") == "•••• •• ••"
    assert ip_prefix("192.0.2.17") == "192.000.•.•"
    assert ip_prefix("::ffff:192.0.2.17") == "192.000.•.•"
    assert ip_prefix("2001:db8::17") == "2001:0db8:•"
    assert ip_prefix("fe80::1%eth0") == "fe80:0000:•"
    assert pseudonym(7) == "Person #7•"
    assert pseudonym(None) == "Person #•"


def test_a_missing_value_looks_like_an_empty_one() -> None:
    assert {mask.__name__: mask(None) for mask in TEXT_MASKS} == {
        mask.__name__: mask("") for mask in TEXT_MASKS
    }


def test_values_without_a_text_form_become_null_beside_a_typed_field() -> None:
    assert {mask.name for mask in MASKS.values() if mask.output == "null"} == {"NULL", "YEAR", "COARSE_AREA"}
    assert year(date(1984, 5, 6)) == 1984
    assert year(None) is None
    assert [NULL.apply(value) for value in ("x", 1, None)] == [None, None, None]


@pytest.mark.parametrize(
    ("position", "area"),
    [
        ((50.846557, 4.351697), (50.85, 4.35)),
        ((-0.001, 0.001), (0.0, 0.0)),
        ((float("nan"), 4.0), None),
        (None, None),
    ],
)
def test_an_area_is_a_point_of_the_grid(
    position: tuple[float, float] | None, area: tuple[float, float] | None
) -> None:
    assert coarse_area(position) == area


@given(st.tuples(st.floats(-90, 90), st.floats(-180, 180)))
def test_an_area_is_its_own_area_and_at_most_half_a_step_away(position: tuple[float, float]) -> None:
    area = coarse_area(position)

    assert area is not None
    assert coarse_area(area) == area
    assert all(abs(exact - coarse) <= 0.005 + 1e-9 for exact, coarse in zip(position, area, strict=True))


def test_every_mask_is_registered_under_its_name_with_its_properties() -> None:
    assert list(MASKS) == [
        "NULL",
        "INITIALS",
        "PARTIAL_EMAIL",
        "PARTIAL_PHONE",
        "YEAR",
        "COARSE_AREA",
        "IP_PREFIX",
        "PSEUDONYM",
    ]
    assert all(mask.preserves and mask.hides for mask in MASKS.values())


def test_a_raw_text_is_not_taken_for_a_mask() -> None:
    assert not is_masked_text("Jan Peeters · chief * mechanic")
    assert is_masked_text(f"a{MASK_SIGN}b")
