"""What every mask promises: one shape for every input, the sign in every text, nothing but what it states to keep."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permissions.masks import (
    MASK_SIGN,
    MASKS,
    NULL,
    area_text,
    coarse_area,
    initials,
    ip_prefix,
    is_masked_text,
    partial_email,
    partial_phone,
    pseudonym,
    pseudonym_key,
    pseudonym_of,
    suppressed_count,
    year,
)
from permissions.purposes import Purpose

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
    assert pseudonym("7QK2M4XWPA3DLE5T") == "Person 7QK2M4XWPA3DLE5T•"
    assert pseudonym(None) == "Person •••••••••••••••••"
    assert area_text((50.846557, 4.351697)) == "+50.85+004.35/"
    assert area_text((-0.001, -3.717424)) == "+00.00-003.72/"
    assert area_text(None) is None


def test_a_missing_value_looks_like_an_empty_one() -> None:
    assert {mask.__name__: mask(None) for mask in TEXT_MASKS} == {
        mask.__name__: mask("") for mask in TEXT_MASKS
    }


def test_values_without_a_text_form_become_null_beside_a_typed_field() -> None:
    assert {mask.name for mask in MASKS.values() if mask.output == "null"} == {
        *("NULL", "YEAR", "COARSE_AREA", "SUPPRESSED_COUNT")
    }
    assert year(date(1984, 5, 6)) == 1984
    assert year(None) is None
    assert [NULL.apply(value) for value in ("x", 1, None)] == [None, None, None]


@pytest.mark.parametrize(
    ("position", "area"),
    [
        ((50.846557, 4.351697), (50.85, 4.35)),
        ((-0.001, 0.001), (0.0, 0.0)),
        ((52.0, 180.0), (52.0, -180.0)),
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
    away = [abs(exact - coarse) for exact, coarse in zip(position, area, strict=True)]
    assert all(min(degrees, abs(360 - degrees)) <= 0.005 + 1e-9 for degrees in away)


@given(
    st.tuples(st.floats(-90, 90), st.floats(-180, 180)), st.tuples(st.floats(-90, 90), st.floats(-180, 180))
)
def test_the_text_of_an_area_has_one_length_and_tells_the_area_and_nothing_else(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    first, second = area_text(one), area_text(other)

    assert first is not None
    assert second is not None
    assert [len(first), len(second)] == [14, 14]
    assert (first == second) is (coarse_area(one) == coarse_area(other))
    assert area_text(coarse_area(one)) == first


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)), st.integers(-14, 14))
def test_a_year_is_the_same_wherever_the_moment_was_written_down(moment: datetime, hours: int) -> None:
    written = moment.replace(tzinfo=UTC)
    elsewhere = written.astimezone(timezone(timedelta(hours=hours)))

    assert year(elsewhere) == year(written) == moment.year
    assert year(date(moment.year, 1, 1)) == year(date(moment.year, 12, 31)) == moment.year


@given(st.ip_addresses(v=4).map(str), st.integers(0, 255), st.integers(0, 255))
def test_two_hosts_of_one_network_look_the_same(address: str, third: int, fourth: int) -> None:
    first, second, *_ = address.split(".")

    assert ip_prefix(address) == ip_prefix(f"{first}.{second}.{third}.{fourth}")
    assert ip_prefix(address) == f"{int(first):03d}.{int(second):03d}.•.•"


keys, people = st.binary(min_size=32, max_size=32), st.binary(min_size=16, max_size=16)


@given(keys, st.sampled_from(Purpose), people)
def test_one_person_has_one_pseudonym_within_an_organisation_and_a_purpose(
    tenant: bytes, purpose: Purpose, person: bytes
) -> None:
    code = pseudonym_of(pseudonym_key(tenant, purpose), person)

    assert code == pseudonym_of(pseudonym_key(tenant, purpose), person)
    assert len(code) == 16
    assert code.isalnum()
    assert pseudonym(code) == f"Person {code}•"


@given(st.tuples(keys, st.sampled_from(Purpose), people), st.tuples(keys, st.sampled_from(Purpose), people))
def test_another_organisation_another_purpose_or_another_person_gives_another_pseudonym(
    one: tuple[bytes, Purpose, bytes], other: tuple[bytes, Purpose, bytes]
) -> None:
    made = {pseudonym_of(pseudonym_key(tenant, purpose), person) for tenant, purpose, person in (one, other)}

    assert len(made) == len({one, other})


@given(keys, people)
def test_the_purposes_of_one_organisation_share_no_pseudonym(tenant: bytes, person: bytes) -> None:
    made = {pseudonym_of(pseudonym_key(tenant, purpose), person) for purpose in Purpose}

    assert len(made) == len(Purpose)


@given(st.none() | st.integers(0, 1_000_000))
def test_a_count_is_told_from_five_on_and_nothing_is_told_of_a_smaller_group(count: int | None) -> None:
    assert suppressed_count(count) == (count if count is not None and count >= 5 else None)


def test_an_empty_group_and_the_groups_of_one_to_four_look_the_same() -> None:
    assert {suppressed_count(count) for count in (None, 0, 1, 2, 3, 4)} == {None}
    assert suppressed_count(5) == 5


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
        "SUPPRESSED_COUNT",
    ]
    assert all(mask.preserves and mask.hides for mask in MASKS.values())


def test_a_raw_text_is_not_taken_for_a_mask() -> None:
    assert not is_masked_text("Jan Peeters · chief * mechanic")
    assert is_masked_text(f"a{MASK_SIGN}b")
