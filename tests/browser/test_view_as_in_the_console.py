"""An administrator sees in the console what another member sees: the banner says so, the answers are the member's, and one click leads back."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import built, visit
from tests.browser.console_page import expect_editor, run, sign_in, write
from tests.browser.product import Product
from tests.web.serving import PASSWORD

QUERY = """query People {
  workOrders(first: 10) { nodes { number assignee { id displayName phone } } }
}"""
CHANGE = """mutation Night {
  createTeam(input: {name: "Night"}) { userErrors { code } }
}"""

pytestmark = built


def look_as(page: Page, start: str, password: str = PASSWORD) -> None:
    """Opens the dialog, finds the only person whose name begins so, and confirms."""
    page.get_by_role("button", name="View as…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name begins with").fill(start)
    expect(dialog.get_by_role("option")).to_have_count(1)
    dialog.get_by_role("listbox").select_option(index=0)
    dialog.get_by_label("Your password").fill(password)
    dialog.get_by_role("button", name="View as").click()


def test_an_administrator_sees_what_a_member_sees_under_a_banner_and_goes_back(
    product: Product, chromium: Browser, tmp_path: Path
) -> None:
    with visit(chromium, product.served.origin) as seen:
        page = seen.page
        sign_in(page, product.address("an"))
        look_as(page, "vera")
        banner = page.get_by_role("region", name="View as")
        expect(banner).to_contain_text("You see what Vera Smets sees, as far as your own rights go, until ")
        expect_editor(page)
        write(page, "People", QUERY)
        as_vera = run(page)
        expect(page.locator(".masking tbody tr").first).to_be_visible()
        page.screenshot(path=tmp_path / "banner.png")
        page.get_by_role("button", name="Why is User.phone masked?").click()
        why = page.get_by_role("dialog", name="Who sees what, and why")
        expect(why.get_by_role("heading", level=3)).to_have_text("Vera Smets does not see Tom Maes’s phone.")
        why.get_by_role("button", name="Close").click()
        write(page, "Night", CHANGE)
        refused = run(page)
        banner.get_by_role("button", name="Leave").click()
        expect(banner).to_have_count(0)
        expect_editor(page)
        write(page, "People", QUERY)
        own = run(page)

    print(tmp_path / "banner.png")
    tom, masked = (
        {"displayName": "Tom Maes", "phone": "+32470110011"},
        {"displayName": "T•• M••", "phone": None},
    )
    theirs, mine = (one["data"]["workOrders"]["nodes"][0] for one in (as_vera, own))
    assert theirs["assignee"].pop("id") == mine["assignee"].pop("id")
    assert (theirs, mine) == ({"number": 1, "assignee": masked}, {"number": 1, "assignee": tom})
    assert refused["errors"][0]["extensions"]["code"] == "VIEW_AS_READ_ONLY"
    assert (seen.violations, seen.external_requests) == ([], [])


def test_a_wrong_password_and_a_privacy_officer_are_told_in_the_dialog(
    product: Product, chromium: Browser
) -> None:
    with visit(chromium, product.served.origin) as seen:
        sign_in(seen.page, product.address("an"))
        look_as(seen.page, "an ")
        problem = seen.page.get_by_role("dialog").get_by_role("alert")
        expect(problem).to_have_text("You cannot see the product as this person.")
        seen.page.get_by_role("dialog").get_by_label("Your password").fill("not the password")
        seen.page.get_by_role("dialog").get_by_role("button", name="View as").click()
        expect(problem).to_contain_text("This is not your password")
        seen.page.get_by_role("button", name="Cancel").click()
        expect(seen.page.get_by_role("dialog")).to_have_count(0)

    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])


def test_a_look_that_the_server_has_ended_is_over_in_the_console_too(
    product: Product, chromium: Browser
) -> None:
    with visit(chromium, product.served.origin) as seen:
        page = seen.page
        sign_in(page, product.address("an"))
        look_as(page, "rita")
        expect(page.get_by_role("region", name="View as")).to_contain_text("Rita Jacobs")
        expect_editor(page)
        write(page, "People", QUERY)
        page.route(
            "**/graphql",
            lambda route: route.continue_(headers={**route.request.headers, "isomod-view-as": "x"}),
        )
        ended = run(page)
        expect(page.get_by_role("region", name="View as")).to_have_count(0)
        expect(page.locator(".console-notice")).to_have_text("You no longer see what Rita Jacobs sees.")

    assert ended["errors"][0]["extensions"]["code"] == "VIEW_AS_ENDED"
    assert (seen.violations, seen.external_requests) == ([], [])


def test_who_may_not_look_as_another_has_no_button(product: Product, chromium: Browser) -> None:
    with visit(chromium, product.served.origin) as seen:
        sign_in(seen.page, product.address("vera"))
        expect(seen.page.get_by_role("button", name="View as…")).to_have_count(0)

    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])
