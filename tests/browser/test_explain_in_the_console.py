"""The switch "Explain": the plan under the answer for whoever may see it, a sentence for everybody else, and never in the answer itself."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import built, visit
from tests.browser.console_page import run, sign_in, write
from tests.browser.product import Product

QUERY = """query People {
  users(first: 5, orderBy: PSEUDONYM_ASC) { nodes { displayName email } }
}"""

pytestmark = built


def asked(page: Page, product: Product, first_name: str) -> dict[str, object]:
    """The answer to the query with the switch on, as it came over the wire."""
    sign_in(page, product.address(first_name))
    write(page, "People", QUERY)
    page.get_by_role("switch", name="Explain").check()
    expect(page.locator(".explain")).to_contain_text("Run an operation to see its plan.")
    answer: dict[str, object] = run(page)
    expect(page.locator(".result-window")).to_contain_text("displayName")
    return answer


def test_whoever_may_see_the_plan_sees_it_under_the_answer(product: Product, chromium: Browser) -> None:
    with visit(chromium, product.served.origin) as seen:
        answer = asked(seen.page, product, "an")
        panel = seen.page.get_by_role("region", name="Plan")
        expect(panel.get_by_role("heading")).to_have_text("1. users.nodes.*")
        expect(panel.get_by_role("rowheader", name="User.email").first).to_be_visible()
        panel.get_by_text("SQL for page").click()
        expect(panel.locator("pre")).to_contain_text("FROM people")
        expect(seen.page.locator(".result-window")).not_to_contain_text("explain")
        seen.page.get_by_role("switch", name="Explain").uncheck()
        expect(seen.page.locator(".explain")).to_have_count(0)
        plain = run(seen.page)

    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])
    assert "explain" in str(answer["extensions"])
    assert "extensions" not in plain


def test_whoever_may_not_reads_so_and_gets_the_same_answer(product: Product, chromium: Browser) -> None:
    with visit(chromium, product.served.origin) as seen:
        answer = asked(seen.page, product, "vera")
        expect(seen.page.locator(".explain")).to_contain_text("The server sent no plan with this answer.")

    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])
    assert "explain" not in str(answer)
