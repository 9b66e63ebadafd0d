"""The top level and the product have the rooms that ARCHITECTURE.md names, and no other."""

from tests.architecture.rooms import PRODUCT, TOP, strange
from tests.architecture.sources import ROOT, tracked

PATHS = [path.as_posix() for path in tracked()]


def test_the_top_level_has_no_other_room() -> None:
    assert strange(PATHS, under="", known=TOP) == set()


def test_the_product_has_no_other_room() -> None:
    assert strange(PATHS, under="isomod_graphql/", known=PRODUCT) == set()


def test_a_strange_room_is_named_on_either_level() -> None:
    paths = [
        "tools/a.py",
        "README.md",
        "schema/b.py",
        "isomod_graphql/things/c.py",
        "isomod_graphql/core/ids.py",
    ]

    assert strange(paths, under="", known=TOP) == {"tools"}
    assert strange(paths, under="isomod_graphql/", known=PRODUCT) == {"things"}


def test_every_room_that_exists_is_explained() -> None:
    explained = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = {
        path.split("/")[1] for path in PATHS if path.startswith("isomod_graphql/") and path.count("/") > 1
    }

    assert {room for room in rooms if f"`{room}`" not in explained} == set()
