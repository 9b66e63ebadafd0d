"""The repository names no registry and no machine, and finishes what it says."""

from tests.architecture.sources import Source, text_sources
from tests.architecture.wording import LATER, MACHINE, REGISTRIES, lines_saying


def test_no_file_names_a_package_registry() -> None:
    assert lines_saying(REGISTRIES, text_sources()) == []


def test_a_registry_in_a_lock_is_named() -> None:
    lock = Source("package-lock.json", '{"resolved": "https://' + "registry" + '.npmjs.org/a"}')

    assert lines_saying(REGISTRIES, [lock]) == [f"package-lock.json:1 {lock.text}"]


def test_no_file_names_a_path_of_one_machine() -> None:
    assert lines_saying(MACHINE, text_sources()) == []


def test_a_path_of_a_machine_is_named_and_a_path_of_the_api_is_not() -> None:
    text = "cd /" + "root/isomod\nGET /workorders\ncd ~/" + "work/x\n"

    assert lines_saying(MACHINE, [Source("a.md", text)]) == ["a.md:1 cd /" + "root/isomod"]


def test_no_file_promises_later_work() -> None:
    assert lines_saying(LATER, text_sources()) == []


def test_a_promise_of_later_work_is_named() -> None:
    promise = "# TO" + "DO: mask"

    assert lines_saying(LATER, [Source("a.py", promise)]) == [f"a.py:1 {promise}"]
