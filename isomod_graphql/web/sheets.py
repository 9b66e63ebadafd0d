"""Rows as lines of CSV or JSON. Refuses to hand a spreadsheet a text that it would run as a formula."""

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from io import StringIO
from typing import Any, Final

import orjson

from isomod_graphql.core.instants import JSON

LINE: Final = JSON | orjson.OPT_APPEND_NEWLINE
FORMULA: Final = re.compile(r"[\s\"'‘’“”]*[=+\-@＝＋－＠\t\r\n]")
"""What a spreadsheet takes for the beginning of a formula: a sign of its own, or a quoted one, or one in full width."""
SHIELD: Final = "'"

Row = Mapping[str, Any]


class Format(StrEnum):
    """What an export is written as."""

    CSV = "CSV"
    JSONL = "JSONL"


MEDIA: Final = {
    Format.CSV: "text/csv; charset=utf-8; header=present",
    Format.JSONL: "application/jsonl; charset=utf-8",
}
Write = Callable[[Sequence[Row]], bytes]


def shielded(text: str) -> str:
    """With an apostrophe ahead where the text could be run as a formula. `bare` takes it away again, and nothing else."""
    return SHIELD + text if FORMULA.match(text) else text


def bare(text: str) -> str:
    """The text that was shielded."""
    return text[1:] if text.startswith(SHIELD) and FORMULA.match(text[1:]) else text


def head(written: Format, columns: Sequence[tuple[str, ...]]) -> bytes:
    """What stands before the first row: the names of the columns, in CSV alone."""
    return _lines([[".".join(column) for column in columns]]) if written is Format.CSV else b""


def lines(written: Format, columns: Sequence[tuple[str, ...]], rows: Sequence[Row]) -> bytes:
    """One line per row: RFC 4180 with empty cells for what is null or not shown, or one JSON object."""
    if written is Format.JSONL:
        return b"".join(orjson.dumps(row, option=LINE) for row in rows)
    plain = orjson.loads(orjson.dumps(rows, option=JSON))
    return _lines([_cell(_value(row, column)) for column in columns] for row in plain)


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    written = StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode()


def _value(row: Any, column: tuple[str, ...]) -> Any:  # noqa: ANN401  JSON
    for name in column:
        if row is None:
            return None
        row = row[name]
    return row


def _cell(value: Any) -> str:  # noqa: ANN401  JSON
    """A number is no text, so that a negative one stays a number."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return shielded(value) if isinstance(value, str) else str(value)
