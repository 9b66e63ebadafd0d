"""Section D of the catalogue, exports: a sheet holds what the query would hold raw, a refusal is on record and nothing leaves, and no cell is a formula."""

import csv
import json
import re
from io import StringIO
from typing import Any

import httpx2
import pytest

from tests.catalogue.house import SECRETS, House, codes_of, denied
from tests.web.exporting import export
from tests.web.listening import EVENTS

LISTS = {
    "User": "users",
    "WorkOrder": "workOrders",
    "Asset": "assets",
    "Location": "locations",
    "Team": "teams",
}
RUNS = re.compile(r"[=+\-@＝＋－＠\t\r\n]")
"""The beginning of what a spreadsheet runs."""


def sheet(house: House, who: str, of: str, *columns: str, written: str = "CSV") -> httpx2.Response:
    """An export of a list; of everything that this part reads raw when no column is named."""
    chosen = {"columns": list(columns)} if columns else {}
    return export(house.product, {"list": LISTS[of], "format": written, **chosen}, house.token(who))


def left_for(house: House) -> tuple[int, list[str]]:
    """How many records there are of who was shown whom, and of exports that began."""
    tenant = house.product.tenant
    shown = house.fetch("SELECT count(*) AS n FROM access_records WHERE tenant_id = $1", tenant)[0]["n"]
    rows = house.fetch(
        "SELECT outcome FROM audit_entries WHERE tenant_id = $1 AND action = 'EXPORT' AND outcome <> 'DENIED'",
        tenant,
    )
    return shown, [row["outcome"] for row in rows]


@pytest.mark.parametrize(
    ("of", "column"),
    [
        ("User", "email"), ("User", "name"), ("User", "phone"), ("User", "displayName"),
        ("WorkOrder", "description"), ("WorkOrder", "requester.name"), ("WorkOrder", "requester.email"),
        ("Asset", "description"), ("Asset", "custodian.name"), ("Asset", "custodian.phone"),
    ],
)  # fmt: skip
def test_d59_a_column_that_the_query_masks_refuses_the_export(house: House, of: str, column: str) -> None:
    before = left_for(house)

    answer = denied(
        house, "viewer", lambda: sheet(house, "viewer", of, "id", column), "COLUMN_NOT_READABLE", ("EXPORT", "FIELD")
    )  # fmt: skip

    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"]["field"] == column
    assert {"content-disposition", "isomod-rows"}.isdisjoint(answer.headers)
    assert left_for(house) == before


@pytest.mark.parametrize(
    ("of", "criteria"),
    [
        ("User", {"email": "timon@colleague.example"}),
        ("User", {"search": "timon"}),
        ("WorkOrder", {"requesterName": "Zeb"}),
        ("Asset", {"description": "Loud"}),
        ("Team", {"personName": "Timon"}),
    ],
)
def test_d59_no_export_is_narrowed_by_what_is_masked(
    house: House, of: str, criteria: dict[str, object]
) -> None:
    before = left_for(house)
    wanted = {"list": LISTS[of], "columns": ["id"], "filter": criteria}

    answer = denied(
        house, "viewer", lambda: export(house.product, wanted, house.token("viewer")), "BAD_USER_INPUT", None
    )

    assert answer.status_code == 400
    assert left_for(house) == before


@pytest.mark.parametrize("who", ["viewer", "technician", "program", "admin"])
@pytest.mark.parametrize("of", ["User", "WorkOrder", "Asset", "Location"])
def test_d59_an_export_holds_what_the_query_shows(house: House, of: str, who: str) -> None:
    """Where they differ the query shows a mask, and the cell is empty."""
    header = next(csv.reader(StringIO(sheet(house, who, of).text, newline="")))
    rows = [json.loads(line) for line in sheet(house, who, of, *header, written="JSONL").text.splitlines()]
    chosen = " ".join(" { ".join(one.split(".")) + " }" * one.count(".") for one in header)

    asked = house.data(who, f"{{ {LISTS[of]}(first: 100) {{ nodes {{ {chosen} }} }} }}")

    nodes = asked[LISTS[of]]["nodes"]
    assert len(rows) == len(nodes) > 0
    pairs = [(at(row, one), at(node, one)) for row, node in zip(rows, nodes, strict=True) for one in header]
    assert [pair for pair in pairs if pair[0] != pair[1] and pair[0] is not None] == []
    if who == "viewer":
        assert [
            value for value in (*SECRETS.values(), "Timon", "says Vera") if value in json.dumps(rows)
        ] == []


def at(row: Any, column: str) -> Any:  # noqa: ANN401  JSON
    """The value at the end of the names."""
    for name in column.split("."):
        row = None if row is None else row[name]
    return row


def test_d59_who_may_not_ask_may_not_export(house: House) -> None:
    url, body = f"{house.product.origin}/export", b'{"list":"users"}'
    before = left_for(house)

    answers = [
        httpx2.post(url, content=body, headers=EVENTS | more, timeout=20)
        for more in (
            {},
            {"Authorization": "Bearer iso_live_wrong"},
            {"Content-Type": "text/plain", "Authorization": f"Bearer {house.product.token}"},
        )
    ]

    assert [(one.status_code, codes_of(one)) for one in answers] == [
        (401, ["UNAUTHENTICATED"]),
        (401, ["UNAUTHENTICATED"]),
        (415, ["UNSUPPORTED_MEDIA_TYPE"]),
    ]
    assert left_for(house) == before


FORMULAS = [
    ("Asset", "createAsset", "name", '=HYPERLINK("https://evil.example","x")', "locationId"),
    ("WorkOrder", "createWorkOrder", "title", "+cmd|' /C calc'!A0", "assetId"),
    ("Location", "createLocation", "name", "=1+1", None),
    ("Team", "createTeam", "name", "-2+3", None),
]


@pytest.mark.parametrize(("of", "name", "field", "text", "place"), FORMULAS)
def test_d60_no_cell_of_a_sheet_is_a_formula(
    house: House, of: str, name: str, field: str, text: str, place: str | None
) -> None:
    given = {field: text}
    if place is not None:
        given[place] = house.ids["hall" if place == "locationId" else "fan"]
    house.made("admin", name, given, of[0].lower() + of[1:])

    written = sheet(house, "admin", of)
    whole = sheet(house, "admin", of, field, written="JSONL")

    cells = [cell for row in csv.reader(StringIO(written.text, newline="")) for cell in row]
    assert f"'{text}" in cells
    assert [cell for cell in cells if RUNS.match(cell)] == []
    assert text in [json.loads(line)[field] for line in whole.text.splitlines()]


@pytest.mark.parametrize(
    ("of", "column"), [("User", "phone"), ("WorkOrder", "requester.phone"), ("Asset", "custodian.phone")]
)
def test_d60_a_phone_number_is_no_formula(house: House, of: str, column: str) -> None:
    written = sheet(house, "admin", of, column)

    cells = [row[0] for row in csv.reader(StringIO(written.text, newline=""))][1:]
    assert [cell for cell in cells if cell.startswith("'+32")] != []
    assert [cell for cell in cells if RUNS.match(cell)] == []
