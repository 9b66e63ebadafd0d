"""Every file and function stays short, typed and introduced by a sentence; a failing example stands by each rule."""

from tests.architecture.measures import (
    file_lengths,
    function_lengths,
    longer_than,
    p95,
    patches,
    proven,
    untyped,
    without_sentence,
)
from tests.architecture.sources import Source, python_sources


def test_no_file_is_longer_than_500_lines() -> None:
    lengths = file_lengths(python_sources())

    assert longer_than(lengths, 500) == []
    assert p95(lengths.values()) <= 300


def test_a_file_of_501_lines_is_named() -> None:
    long = Source("isomod_graphql/long.py", "x = 1\n" * 501)

    assert longer_than(file_lengths([long]), 500) == ["isomod_graphql/long.py (501)"]


def test_no_function_is_longer_than_60_lines() -> None:
    lengths = function_lengths(python_sources())

    assert longer_than(lengths, 60) == []
    assert p95(lengths.values()) <= 35


def test_a_function_of_61_lines_is_named() -> None:
    long = Source("a.py", "def f() -> None:\n" + "    g()\n" * 60)

    assert longer_than(function_lengths([long]), 60) == ["a.py:1 f (61)"]


def test_the_95th_percentile_is_the_value_that_95_of_100_do_not_exceed() -> None:
    assert p95(range(1, 101)) == 95
    assert p95([7]) == 7


def test_every_module_opens_with_a_sentence() -> None:
    assert without_sentence(python_sources()) == []


def test_a_module_without_a_sentence_is_named_and_an_empty_one_is_not() -> None:
    assert without_sentence([Source("a.py", "x = 1\n"), Source("b/__init__.py", "")]) == ["a.py"]


def test_every_argument_and_result_has_a_type() -> None:
    assert untyped(python_sources()) == []


def test_an_argument_and_a_result_without_a_type_are_named() -> None:
    bare = Source("a.py", "def f(x, *, y: int, **more): ...\n")

    assert untyped([bare]) == ["a.py:1 f(x)", "a.py:1 f(more)", "a.py:1 f(return)"]


def test_at_most_one_patch_stands_in_a_hundred_tests() -> None:
    sources = python_sources()

    found = patches(sources)

    assert len(found) * 100 <= len(proven(sources)), found


def test_patches_are_found_under_each_of_their_names() -> None:
    text = "mock.patch('a')\nmonkeypatch.setattr(a, 'b', 1)\nm = MagicMock()\nclient.patch_all()\n"

    found = patches([Source("tests/a.py", text)])

    assert found == ["tests/a.py:1 mock.patch", "tests/a.py:2 monkeypatch.setattr", "tests/a.py:3 MagicMock"]
