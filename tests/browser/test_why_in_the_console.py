"""The dialog "Who sees what?": an administrator learns why somebody does not see a phone number; nobody else is offered the question."""

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.chromium import built, visit
from tests.browser.console_page import run, sign_in, write
from tests.browser.product import Product

MASKED = """query LastSeen {
  users(first: 5, orderBy: NAME_ASC) { nodes { id displayName lastSeenAt } }
}"""

pytestmark = built


def choose(dialog: Locator, label: str, name: str) -> None:
    """Types what the list of names offers for this person."""
    offered = dialog.get_by_label(label).evaluate(
        "(input) => [...input.list.options].map((one) => one.value)"
    )
    dialog.get_by_label(label).fill(next(one for one in offered if one.startswith(name)))


def opened(page: Page) -> Locator:
    dialog = page.get_by_role("dialog", name="Who sees what, and why")
    expect(dialog.get_by_label("Which field?")).to_be_visible()
    return dialog


def asked_by_an(product: Product, page: Page) -> Locator:
    """The dialog, opened by an administrator from the bar."""
    sign_in(page, product.address("an"))
    page.get_by_role("button", name="Who sees what?").click()
    return opened(page)


def test_an_administrator_learns_why_a_viewer_does_not_see_a_phone_number(
    product: Product, chromium: Browser
) -> None:
    with visit(chromium, product.served.origin) as seen:
        dialog = asked_by_an(product, seen.page)
        expect(dialog.get_by_label("Who is looking?")).to_be_focused()
        choose(dialog, "Who is looking?", "Vera Smets")
        choose(dialog, "At whom, or at what?", "Tom Maes")
        dialog.get_by_role("button", name="Explain").click()

        expect(dialog.get_by_role("heading", level=3)).to_have_text(
            "Vera Smets does not see Tom Maes’s phone."
        )
        expect(dialog.get_by_role("heading", level=3)).to_be_focused()
        expect(dialog.locator(".why-badge")).to_have_text("Not shown")
        expect(dialog.locator(".why-because")).to_have_text(
            "A viewer is not shown e-mail addresses, phone numbers and postal addresses, as a rule."
        )
        expect(dialog.locator(".why-steps li")).to_have_count(1)
        expect(dialog.get_by_text("The viewer holds the role MANAGER.")).to_be_visible()
        expect(dialog).not_to_contain_text("+32470110011")
        seen.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])


def test_who_shares_an_open_order_sees_it_and_the_order_is_why(product: Product, chromium: Browser) -> None:
    with visit(chromium, product.served.origin, color_scheme="dark") as seen:
        dialog = asked_by_an(product, seen.page)
        choose(dialog, "Who is looking?", "Rita Jacobs")
        choose(dialog, "At whom, or at what?", "Tom Maes")
        seen.page.keyboard.press("Enter")

        expect(dialog.get_by_role("heading", level=3)).to_have_text("Rita Jacobs sees Tom Maes’s phone.")
        expect(dialog.locator(".why-because")).to_contain_text(
            "an open work order that the viewer requested. That is so."
        )
        choose(dialog, "At whom, or at what?", "Uma Claes")
        dialog.get_by_role("button", name="Explain").click()
        expect(dialog.get_by_role("heading", level=3)).to_have_text(
            "Rita Jacobs does not see Uma Claes’s phone."
        )
    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])


def test_a_part_of_one_name_or_address_is_enough_and_of_several_is_told(
    product: Product, chromium: Browser
) -> None:
    with visit(chromium, product.served.origin) as seen:
        dialog = asked_by_an(product, seen.page)
        dialog.get_by_label("Who is looking?").fill("vera sm")
        dialog.get_by_label("At whom, or at what?").fill("a")
        seen.page.keyboard.press("Enter")
        expect(dialog.get_by_role("alert")).to_have_text(
            "At whom, or at what? Several names hold “a”: choose one from the list."
        )
        dialog.get_by_label("At whom, or at what?").fill("nobody")
        seen.page.keyboard.press("Enter")
        expect(dialog.get_by_role("alert")).to_contain_text("No name holds “nobody”")
        dialog.get_by_label("At whom, or at what?").fill(product.address("tom"))
        seen.page.keyboard.press("Enter")

        expect(dialog.get_by_role("heading", level=3)).to_have_text(
            "Vera Smets does not see Tom Maes’s phone."
        )
    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])


def test_a_masked_field_under_an_answer_is_one_click_from_its_reason(
    product: Product, chromium: Browser
) -> None:
    with visit(chromium, product.served.origin) as seen:
        sign_in(seen.page, product.address("an"))
        write(seen.page, "LastSeen", MASKED)
        run(seen.page)
        seen.page.get_by_role("button", name="Why is User.lastSeenAt masked?").click()
        dialog = opened(seen.page)

        expect(dialog.get_by_label("Which field?")).to_have_value("User.lastSeenAt")
        expect(dialog.get_by_label("Who is looking?")).to_have_value(f"An Peeters · {product.address('an')}")
        expect(dialog.get_by_label("At whom, or at what?")).not_to_have_value("")
        expect(dialog.get_by_role("heading", level=3)).to_contain_text("An Peeters does not see")
    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])


def test_whoever_may_not_ask_is_not_offered_the_question(product: Product, chromium: Browser) -> None:
    with visit(chromium, product.served.origin) as seen:
        sign_in(seen.page, product.address("vera"))
        run(seen.page)
        expect(seen.page.locator(".masking")).to_be_visible()

        expect(seen.page.get_by_role("button", name="Who sees what?")).to_have_count(0)
        expect(seen.page.get_by_role("button", name="Why?")).to_have_count(0)
    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])
