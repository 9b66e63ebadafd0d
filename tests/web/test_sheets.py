"""What a spreadsheet and a program are given: RFC 4180, formulas that do not run, and nothing that cannot be had back."""

import csv
import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isomod_graphql.web.sheets import Format, bare, head, lines, shielded

COLUMNS = [("number",), ("title",), ("asset", "name"), ("dueAt",)]
ROW = {
    "number": -7,
    "title": 'Say "stop",\r\nthen go',
    "asset": None,
    "dueAt": datetime(2026, 1, 2, tzinfo=UTC),
}


@pytest.mark.parametrize(
    "text",
    [
        '=WEBSERVICE("https://evil.example")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '"=1', "' =1", " =1",
        "＝1", "＋1", "－1", "＠x", "“=1”", "+32470112233",
    ],
)  # fmt: skip
def test_a_formula_is_handed_on_as_a_text(text: str) -> None:
    assert shielded(text) == "'" + text
    assert bare(shielded(text)) == text


@pytest.mark.parametrize("text", ["", "Pump 7", "a=b", "3-4", "O'Neill", "'quoted'", '"quoted"', "50 %"])
def test_what_is_no_formula_is_left_alone(text: str) -> None:
    assert (shielded(text), bare(text)) == (text, text)


@given(st.text(alphabet=st.sampled_from("'\"=+-@\t\r\n a1＝“")))
def test_every_text_can_be_had_back(text: str) -> None:
    assert bare(shielded(text)) == text
    assert shielded(text)[:1] not in set("=+-@\t\r\n＝")


def test_lines_are_those_of_rfc_4180() -> None:
    written = (head(Format.CSV, COLUMNS) + lines(Format.CSV, COLUMNS, [ROW])).decode()

    assert written == (
        'number,title,asset.name,dueAt\r\n-7,"Say ""stop"",\r\nthen go",,2026-01-02T00:00:00Z\r\n'
    )
    assert list(csv.reader(StringIO(written, newline="")))[1] == [
        "-7", 'Say "stop",\r\nthen go', "", "2026-01-02T00:00:00Z",
    ]  # fmt: skip


def test_json_lines_hold_values_as_they_are() -> None:
    written = lines(Format.JSONL, COLUMNS, [ROW | {"title": "=1"}, ROW])

    assert head(Format.JSONL, COLUMNS) == b""
    assert [json.loads(line) for line in written.splitlines()] == [
        {"number": -7, "title": "=1", "asset": None, "dueAt": "2026-01-02T00:00:00Z"},
        {"number": -7, "title": 'Say "stop",\r\nthen go', "asset": None, "dueAt": "2026-01-02T00:00:00Z"},
    ]
