"""Gives the proofs of this room their two installations; makes nothing itself."""

import os
from collections.abc import AsyncIterator

import pytest

from tests.conftest import Cluster
from tests.proofs.grounds import Grounds, grounds_of
from tests.proofs.twins import Twins, open_twins


@pytest.fixture(scope="session")
def grounds(cluster: Cluster) -> Grounds:
    """Two installations of the same content, of this worker's own."""
    return grounds_of(cluster, f"twin_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}")


@pytest.fixture(scope="session")
async def twins(grounds: Grounds) -> AsyncIterator[Twins]:
    """Both, open for the whole run: what they prepared for one caller is there for the next."""
    async with open_twins(grounds) as both:
        yield both
