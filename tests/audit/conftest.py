"""A recorder on this worker's database."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import make_url

from isomod_graphql.audit.access import AccessLog
from isomod_graphql.core.installation import Urls


@pytest.fixture
async def access_log(urls: Urls) -> AsyncIterator[AccessLog]:
    """Closed when the test ends."""
    log = AccessLog(make_url(urls.main))
    yield log
    await log.close()
