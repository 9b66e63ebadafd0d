"""What a run finds out is written down as it was measured, and a bar that does not hold is said not to hold."""

import json
from pathlib import Path

from benchmarks.bars import Bar
from benchmarks.contest import Effort
from benchmarks.match import Plan
from benchmarks.measured import as_json
from benchmarks.plots import decades, draw
from benchmarks.results import page
from tests.benchmarks.findings import measured, outcome


def test_the_product_is_held_against_its_fastest_peer() -> None:
    lines = page(measured()).splitlines()

    assert "| `list`: requests per second, times PostGraphile's | ≥ 1.2 x | 1.25 x | yes |" in lines


def test_every_promise_stands_beside_what_was_measured() -> None:
    lines = page(measured()).splitlines()

    assert lines[lines.index("## Bars") + 4 :][:5] == [
        "| `list`: requests per second, times PostGraphile's | ≥ 1.2 x | 1.25 x | yes |",
        "| `list`: requests per second, times vanilla Strawberry's | ≥ 25 x | 20.00 x | **no** |",
        "| without a record: `list`: requests per second, times PostGraphile's | ≥ 1.5 x | 1.56 x | yes |",
        "| without a record: `list`: requests per second, times those of the hand-written SQL | ≥ 0.6 x | 0.62 x | yes |",
        "| `list` without a record: p99, times p50 | ≤ 3 x | 2.00 x | yes |",
    ]
    assert (
        "| `list`: p99, against 3 times p50 and the disk's p99 of 2.50 ms | ≤ 50.5 ms | 32.00 ms | yes |"
        in lines
    )
    assert "| `list` over 10 times the data: CPU time, times | ≤ 1.2 x | 1.40 x | **no** |" in lines
    assert (
        "| two processes where no database is asked: requests per second, times those of one | ≥ 1.7 x | 1.80 x | yes |"
        in lines
    )


def test_a_bar_that_is_missed_says_no() -> None:
    slow, heavy = Bar("speed", 1, 0.99, "x", at_least=True), Bar("memory", 250, 251, "MB")

    assert [bar.row()[-1] for bar in (slow, heavy)] == ["**no**", "**no**"]


def test_a_peer_stands_in_the_table_with_the_products_ratio_to_it() -> None:
    lines = page(measured()).splitlines()

    assert "| sql_limit | 1000.0 | 8.00 | 16.00 | 1.00 | 0.50 | 0.50 |" in lines


def test_the_parts_are_priced_in_cpu_time() -> None:
    lines = page(measured()).splitlines()

    assert "| `nested` | 1.19 | 1.09 | 8.2 |" in lines


def test_a_curve_has_a_column_for_each_place_and_its_picture() -> None:
    text = page(measured())

    assert "![Rows of a page](plots/rows.svg)" in text
    assert "| product | 50.0 (20.00 + 0.50) | 10.0 (100.00 + 0.50) |" in text.splitlines()


def test_a_curve_of_one_place_is_left_out() -> None:
    assert "plots/depth.svg" not in page(measured())


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    mine, its = outcome("product", 100, 300, 80), outcome("peer", 50, 100, 80)

    assert mine.times(its, lambda sample: sample.rps) == 2.0


def test_every_round_is_in_the_json() -> None:
    told = json.loads(as_json(measured()))

    assert told["contests"]["list"][3]["rounds"][0]["rps"] == 500.0
    assert told["setting"]["date"] == "2026-01-02"


def test_equal_numbers_make_equal_pictures(tmp_path: Path) -> None:
    first, second = draw(measured(), tmp_path / "first"), draw(measured(), tmp_path / "second")

    assert [path.name for path in first] == ["workloads.svg", "rows.svg", "data.svg", "processes.svg"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_an_axis_ends_at_powers_of_ten() -> None:
    assert decades([12.0, 480.0]) == (10, 1_000)
    assert decades([100.0, 100.0]) == (100, 1_000)


def test_a_quick_run_leaves_the_grown_data_out() -> None:
    quick, full = (Plan.of(quick=short, rounds=None, seconds=None) for short in (True, False))

    assert (quick.times, quick.main) == (1, Effort(1, 1, 1))
    assert (full.times, full.pages) == (10, None)


def test_a_peer_that_cannot_be_started_is_not_among_the_peers() -> None:
    plan = Plan.of(quick=True, rounds=None, seconds=None)

    assert plan.peers == ["sql_limit", "vanilla_strawberry"]
