"""Which Node may build the console; downloads and builds nothing."""

from pathlib import Path

import pytest

from isomod_graphql.web.console_build import Node, new_enough, node_of_wheel


@pytest.mark.parametrize(
    ("version", "accepted"),
    [
        ("v18.20.4\n", False),
        ("v20.18.9\n", False),
        ("v20.19.0\n", True),
        ("v21.7.3\n", False),
        ("v22.11.0\n", False),
        ("v22.12.0\n", True),
        ("v24.1.0\n", True),
        ("", False),
        ("something else", False),
    ],
)
def test_a_node_that_the_bundler_runs_on_is_accepted(version: str, *, accepted: bool) -> None:
    assert new_enough(version) is accepted


def test_the_wheel_brings_a_node_with_its_npm() -> None:
    node = node_of_wheel()

    assert node is not None
    assert [Path(part).is_file() for part in node.npm] == [True, True]


def test_the_folder_of_node_comes_first_on_the_path_of_npm() -> None:
    environment = Node(Path("/opt/node/bin"), ("npm",)).environment({"PATH": "/usr/bin", "HOME": "/srv"})

    assert environment == {"PATH": "/opt/node/bin:/usr/bin", "HOME": "/srv"}
