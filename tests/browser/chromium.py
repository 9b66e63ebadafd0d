"""A Chromium that writes down what a page must never do; it resolves no name but this machine's own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request

from isomod_graphql.web.console import DIST

EXECUTABLE = Path("/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)

# Runs before any script of the page and is not subject to its policy.
REPORT_VIOLATIONS = """
addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy violation: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""

built = pytest.mark.skipif(
    not (DIST / "account.html").is_file() and "CI" not in os.environ, reason="`make console` has not been run"
)
"""For tests of the built pages."""

ColorScheme = Literal["light", "dark"]


@dataclass
class Visit:
    """One page in a browser profile of its own, with everything suspicious that happened in it or in its workers."""

    page: Page
    origin: str
    violations: list[str] = field(default_factory=list)
    external_requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    referrers: list[str] = field(default_factory=list)

    def note_request(self, request: Request) -> None:
        """Where it went, and what it said it came from."""
        self.addresses.append(request.url)
        self.referrers += [request.headers["referer"]] if request.headers.get("referer") else []
        self.note_address(request.url)

    def note_console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or message.text.startswith("policy violation"):
            self.violations.append(message.text)
        elif message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def note_address(self, url: str) -> None:
        """A data: or blob: address leaves nothing; a web socket to our own host is ours."""
        asked, ours = urlsplit(url), urlsplit(self.origin)
        if asked.scheme in {"http", "https", "ws", "wss"} and asked.netloc != ours.netloc:
            self.external_requests.append(url)


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=EXECUTABLE, args=list(FLAGS))


@contextmanager
def visit(
    browser: Browser, origin: str, *, color_scheme: ColorScheme = "light", locale: str = "en-GB"
) -> Iterator[Visit]:
    """Opens a fresh profile: no cookie and no stored query of another visit."""
    context: BrowserContext = browser.new_context(base_url=origin, color_scheme=color_scheme, locale=locale)
    try:
        context.add_init_script(REPORT_VIOLATIONS)
        seen = Visit(context.new_page(), origin)
        context.on("console", seen.note_console)
        context.on("weberror", lambda failure: seen.errors.append(str(failure.error)))
        context.on("request", seen.note_request)
        seen.page.on("websocket", lambda socket: seen.note_address(socket.url))
        yield seen
    finally:
        context.close()
