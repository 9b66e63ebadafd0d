"""An organisation that nobody else uses, with its programs' desk."""

from uuid import UUID

import pytest

from isomod_graphql.core.store import Store
from tests.partners.house import House
from tests.worlds import a_world


@pytest.fixture
async def house(store: Store, tenant: UUID) -> House:
    """Two sites, people, nobody's program."""
    return House.of(await a_world(store, tenant))
