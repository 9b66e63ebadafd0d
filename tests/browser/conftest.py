"""One Chromium for the tests that need a browser, and one product for them to look at. Nothing is skipped where CI is set."""

import os
from collections.abc import Iterator
from secrets import token_hex

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from isomod_graphql.core.installation import Urls
from tests.browser import chromium as machine
from tests.browser.product import Product, open_product

PATIENCE_MS = 20_000
"""How long a condition may take to come true on a busy machine."""


@pytest.fixture(scope="package")
def product(urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Named before `chromium` by a test that needs both: see there."""
    with open_product(urls, f"browsed-{token_hex(4)}", tmp_path_factory.mktemp("letters")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One per module: while it is open, no test of another module could run an event loop in this process."""
    if not machine.EXECUTABLE.exists() and "CI" not in os.environ:
        pytest.skip(f"{machine.EXECUTABLE} is not installed")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = machine.launch(playwright)
        yield browser
        browser.close()
