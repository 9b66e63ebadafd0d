"""Starts one Chromium for the tests that need a browser; they are skipped where none is installed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium as machine


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One per module: while it is open, no test of another module could run an event loop in this process."""
    if not machine.EXECUTABLE.exists():
        pytest.skip(f"{machine.EXECUTABLE} is not installed")
    with sync_playwright() as playwright:
        browser = machine.launch(playwright)
        yield browser
        browser.close()
