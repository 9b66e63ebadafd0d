"""What text may be stored, and what the key of a name is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isomod_graphql.core.errors import BadInput, MaskedValueRejected
from isomod_graphql.core.text import fold, line, note


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Élan  Vital", "elan vital"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ﬁlter №5", "filter no5"),
        (" Ａ１ ", "a1"),
    ],
)
def test_the_key_of_a_name_forgets_case_marks_and_width(name: str, key: str) -> None:
    assert fold(name) == key


@given(st.text())
def test_folding_a_key_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800", "", "  ", "two\nlines", "x" * 201])
def test_a_name_is_one_storable_line(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        line(text, field="name")

    assert refused.value.field == "name"


def test_a_mask_is_never_written_back() -> None:
    with pytest.raises(MaskedValueRejected) as refused:
        note("J•• P••", field="description")

    assert (refused.value.code, refused.value.field) == ("MASKED_VALUE_REJECTED", "description")


def test_a_note_keeps_its_lines_and_loses_the_spaces_around_it() -> None:
    assert note(" first\nsecond \n", field="description") == "first\nsecond"
    assert note(" \n ", field="description") is None
