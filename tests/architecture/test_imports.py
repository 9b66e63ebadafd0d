"""No module of ours imports itself round a corner, and the packages that we import are ours."""

from pathlib import Path

import permissions
import schema
from tests.architecture.imports import cycle, graph
from tests.architecture.sources import ROOT, Source, python_sources


def test_our_modules_import_each_other_without_a_cycle() -> None:
    assert cycle(graph(python_sources())) == []


def test_a_cycle_over_a_package_and_a_relative_import_is_named() -> None:
    sources = [
        Source("p/__init__.py", "from p import a\n"),
        Source("p/a.py", "from .b import thing\n"),
        Source("p/b.py", "import p.a\n"),
    ]

    assert set(cycle(graph(sources))) == {"p.a", "p.b"}


def test_an_import_inside_a_function_counts() -> None:
    sources = [Source("a.py", "import b\n"), Source("b.py", "def f() -> None:\n    import a\n")]

    assert set(cycle(graph(sources))) == {"a", "b"}


def test_an_import_for_type_checking_does_not_count() -> None:
    sources = [Source("a.py", "import b\n"), Source("b.py", "if TYPE_CHECKING:\n    import a\n")]

    assert cycle(graph(sources)) == []


def test_schema_and_permissions_are_the_packages_of_this_repository() -> None:
    assert Path(schema.__file__ or "").parent == ROOT / "schema"
    assert Path(permissions.__file__ or "").parent == ROOT / "permissions"
