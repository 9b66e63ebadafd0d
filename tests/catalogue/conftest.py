"""The house in which the catalogue is tried, built once per process; and what of the catalogue is left to `make proofs`."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from isomod_graphql.core.installation import Urls
from tests.catalogue.house import House, build
from tests.conftest import Cluster
from tests.web.serving import serve


@pytest.fixture(scope="session")
def house(urls: Urls, cluster: Cluster) -> Iterator[House]:
    """A running product; what a test changes it leaves as it was, or nobody else looks at it."""
    with serve(urls, "catalogue", subscription_heartbeat_s=0.2) as product:
        yield build(product, cluster, urls)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`make test` tries each number once, the way that stands first; `make proofs` all of them."""
    whole = config.option.markexpr == "proof"
    known: set[str] = set()
    for item in items:
        named = re.match(r"test_([abcd]\d\d)_", item.name)
        if named is not None and item.path.parent == Path(__file__).parent:
            if whole or named[1] in known:
                item.add_marker(pytest.mark.proof)
            known.add(named[1])
