"""A Chromium that writes down what a page must never do; it resolves no name but this machine's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

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

ColorScheme = Literal["light", "dark"]


@dataclass
class Visit:
    """One page in a browser profile of its own, with everything suspicious that happened in it or in its workers."""

    page: Page
    origin: str
    violations: list[str] = field(default_factory=list)
    external_requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

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
def visit(browser: Browser, origin: str, *, color_scheme: ColorScheme = "light") -> Iterator[Visit]:
    """Opens a fresh profile: no cookie and no stored query of another visit."""
    context: BrowserContext = browser.new_context(base_url=origin, color_scheme=color_scheme)
    try:
        context.add_init_script(REPORT_VIOLATIONS)
        seen = Visit(context.new_page(), origin)
        context.on("console", seen.note_console)
        context.on("weberror", lambda failure: seen.errors.append(str(failure.error)))
        context.on("request", lambda request: seen.note_address(request.url))
        seen.page.on("websocket", lambda socket: seen.note_address(socket.url))
        yield seen
    finally:
        context.close()
