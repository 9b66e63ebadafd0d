"""The console in a real browser: what it asks for, what it looks like without a session, and that the watch works."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from isomod_graphql.web.console import CONTENT_SECURITY_POLICY, console_routes
from tests.browser.chromium import built, visit
from tests.browser.serving import served

SUSPICIOUS = """<!doctype html><title>suspicious</title>
<script>document.title = 'ran'</script>
<img src="http://elsewhere.example/pixel.png">"""


def no_session(request: Request) -> Response:
    return JSONResponse({"csrfToken": None})


def suspicious(request: Request) -> Response:
    """`?open` leaves the policy off, so that the request really starts."""
    headers = {} if "open" in request.query_params else {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return HTMLResponse(SUSPICIOUS, headers=headers)


def refused(request: Request) -> Response:
    error = {"code": "SIGN_IN_REFUSED", "field": None, "message": "E-mail address or password is wrong."}
    return JSONResponse({"data": {"signIn": {"csrfToken": None, "userErrors": [error]}}})


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    routes = [
        *console_routes(),
        Route("/console/session", no_session),
        Route("/suspicious", suspicious),
        Route("/graphql", refused, methods=["POST"]),
    ]
    with served(Starlette(routes=routes)) as address:
        yield address


def test_the_watch_sees_a_violation_and_an_external_request(chromium: Browser, origin: str) -> None:
    with visit(chromium, origin) as strict:
        strict.page.goto("/suspicious")
        title = strict.page.title()
        violations = strict.violations
    with visit(chromium, origin) as loose:
        loose.page.goto("/suspicious?open")
        requests = loose.external_requests

    assert title == "suspicious"
    assert any("script-src" in violation for violation in violations)
    assert any("img-src" in violation for violation in violations)
    assert requests == ["http://elsewhere.example/pixel.png"]


@built
def test_nobody_signed_in_sees_a_labelled_form_and_nothing_leaves_the_machine(
    chromium: Browser, origin: str
) -> None:
    with visit(chromium, origin) as seen:
        seen.page.goto("/graphiql")

        expect(seen.page.get_by_label("E-mail address")).to_be_focused()
        expect(seen.page.get_by_label("Password")).to_be_visible()
        expect(seen.page.get_by_role("button", name="Sign in")).to_be_enabled()
        loaded = seen.page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")

    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])
    assert not [name for name in loaded if "monaco" in name or "Editor" in name]


@built
def test_a_refused_sign_in_is_announced_and_the_password_is_ready_to_be_typed_again(
    chromium: Browser, origin: str
) -> None:
    with visit(chromium, origin, color_scheme="dark") as seen:
        seen.page.goto("/graphiql")
        seen.page.get_by_label("E-mail address").fill("anne@example.com")
        seen.page.get_by_label("Password").fill("a wrong one")
        seen.page.keyboard.press("Enter")

        expect(seen.page.get_by_role("alert")).to_have_text("E-mail address or password is wrong.")
        expect(seen.page.get_by_label("Password")).to_be_focused()

    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])
