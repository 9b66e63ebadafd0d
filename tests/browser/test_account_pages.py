"""What letters lead to, end to end: invited and signed in, a forgotten password, another address. No token leaves the page but to its use."""

import json
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, expect
from starlette.applications import Starlette
from starlette.testclient import TestClient

from isomod_graphql.notifications.handlers import ACTIONS
from isomod_graphql.web.console import ACCOUNT_PAGES, CONTENT_SECURITY_POLICY, console_routes
from tests.browser.chromium import Visit, built, visit
from tests.browser.console_page import expect_signed_in, give_credentials, run, sign_in, write
from tests.browser.product import Product
from tests.web.serving import PASSWORD

NEW_PASSWORD = "velvet anchor tulip 93 harvest"
INVITE = """mutation ($email: EmailAddress!) {
  inviteUser(input: {email: $email, name: "Nora Wouters", roles: [{role: TECHNICIAN}], locale: "nl"}) {
    userErrors { code }
  }
}"""
CHANGE = 'mutation Change { requestEmailChange(input: {newEmail: "%s"}) { userErrors { code } } }'


def invite(product: Product, email: str) -> Any:  # noqa: ANN401  a JSON object
    headers = {"Authorization": f"Bearer {product.served.token}"}
    body = {"query": INVITE, "variables": {"email": email}}
    return httpx2.post(f"{product.served.origin}/graphql", json=body, headers=headers, timeout=20).json()


def nothing_escaped(seen: Visit, link: str) -> bool:
    """The token is in no address that was asked for, in no referrer, and no longer in the page's own address."""
    token = link.partition("#token=")[2]
    return bool(token) and token not in json.dumps([*seen.addresses, seen.page.url]) and seen.referrers == []


def test_every_letter_leads_to_a_page() -> None:
    assert set(ACTIONS.values()) | {"forgot-password"} == ACCOUNT_PAGES


@built
@pytest.mark.parametrize("page", sorted(ACCOUNT_PAGES))
def test_an_account_page_carries_the_policy_of_the_console(page: str) -> None:
    answer = TestClient(Starlette(routes=[*console_routes()])).get(f"/account/{page}")

    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("page", ["", "delete", "index.html", "..%2findex.html"])
def test_there_is_no_other_account_page(page: str) -> None:
    answer = TestClient(Starlette(routes=[*console_routes()])).get(f"/account/{page}")

    assert answer.status_code == 404


@built
def test_an_invited_person_chooses_a_password_and_signs_in(product: Product, chromium: Browser) -> None:
    nora = product.address("nora")
    assert invite(product, nora) == {"data": {"inviteUser": {"userErrors": []}}}
    product.deliver_letters()
    link = product.link_to(nora)

    with visit(chromium, product.served.origin) as seen:
        page = seen.page
        page.goto(link)
        page.get_by_label("Password", exact=True).fill("nora nora nora")
        page.get_by_role("button", name="Join").click()
        expect(page.get_by_role("alert")).to_contain_text("This password is too easy to guess.")
        page.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
        page.get_by_role("button", name="Join").click()
        expect(page.get_by_role("heading")).to_have_text("Welcome")
        assert nothing_escaped(seen, link)
        page.get_by_role("link", name="Sign in").click()
        give_credentials(page, nora, NEW_PASSWORD)
        expect_signed_in(page, "Nora Wouters")
    with visit(chromium, product.served.origin) as again:
        again.page.goto(link)
        again.page.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
        again.page.get_by_role("button", name="Join").click()
        expect(again.page.get_by_role("alert")).to_have_text("This link has been used or is too old.")

    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])
    assert (again.violations, again.external_requests, again.errors) == ([], [], [])


@built
def test_a_forgotten_password_is_replaced_and_the_old_one_is_dead(
    product: Product, chromium: Browser
) -> None:
    ben = product.address("ben")
    with visit(chromium, product.served.origin) as seen:
        page = seen.page
        page.goto("/graphiql")
        page.get_by_role("link", name="Forgot your password?").click()
        page.get_by_label("E-mail address").fill(ben)
        page.get_by_role("button", name="Send the letter").click()
        expect(page.get_by_role("heading")).to_have_text("Look at your mail")
        product.deliver_letters()
        link = product.link_to(ben)
        page.goto(link)
        page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
        page.get_by_role("button", name="Set the password").click()
        expect(page.get_by_role("heading")).to_have_text("Your password is set")
        assert nothing_escaped(seen, link)
        page.get_by_role("link", name="Sign in").click()
        give_credentials(page, ben, PASSWORD)
        expect(page.get_by_role("alert")).to_be_visible()
        give_credentials(page, ben, NEW_PASSWORD)
        expect_signed_in(page, "Ben Aerts")

    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])


@built
def test_a_new_address_needs_the_password_again_and_the_letter(product: Product, chromium: Browser) -> None:
    new = product.address("els.goos")
    with visit(chromium, product.served.origin) as seen:
        page = seen.page
        sign_in(page, product.address("els"))
        write(page, "Change", CHANGE % new)
        refused = run(page)
        dialog = page.get_by_role("dialog", name="Confirm your password")
        dialog.get_by_label("Password").fill("a wrong password")
        dialog.get_by_role("button", name="Confirm").click()
        expect(dialog.get_by_role("alert")).to_contain_text("This is not your password")
        dialog.get_by_label("Password").fill(PASSWORD)
        dialog.get_by_role("button", name="Confirm").click()
        expect(dialog).to_have_count(0)
        expect(page.locator(".console-notice")).to_have_text(
            "Confirmed for ten minutes. Run the operation again."
        )
        carried_out = run(page)
        product.deliver_letters()
        link = product.link_to(new)
        page.goto(link)
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_role("heading")).to_have_text("Your new address is confirmed")
        assert nothing_escaped(seen, link)
    with visit(chromium, product.served.origin) as later:
        later.page.goto("/graphiql")
        give_credentials(later.page, new)
        expect_signed_in(later.page, "Els Goos")

    assert refused["errors"][0]["extensions"]["code"] == "STEP_UP_REQUIRED"
    assert carried_out == {"data": {"requestEmailChange": {"userErrors": []}}}
    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])
    assert (later.violations, later.external_requests, later.errors) == ([], [], [])


@built
def test_a_page_without_its_letter_says_so_in_the_language_of_the_browser(
    product: Product, chromium: Browser
) -> None:
    with visit(chromium, product.served.origin, locale="nl-BE") as seen:
        seen.page.goto("/account/reset-password")

        expect(seen.page.get_by_role("heading")).to_have_text("Kies een nieuw wachtwoord")
        expect(seen.page.get_by_role("alert")).to_contain_text("Open de link in uw brief opnieuw.")
        expect(seen.page.get_by_role("link", name="Vraag een nieuwe brief")).to_be_visible()
        assert seen.page.evaluate("document.documentElement.lang") == "nl"

    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])
