"""The console on the running product: three roles, one query, three answers; sessions that begin, go on and end."""

from typing import Any

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.chromium import built, visit
from tests.browser.console_page import expect_editor, give_credentials, run, sign_in, write
from tests.browser.product import Product

QUERY = """query People {
  workOrders(first: 10) {
    edges { node { number assignee { displayName email phone } } }
  }
}"""

LATE_MS = 1_500  # the fresh page comes this late: longer than the editor holds back what it writes (500)

pytestmark = built


def answer_of(product: Product, chromium: Browser, first_name: str) -> tuple[Any, list[str]]:
    """What this person gets for the query, and the list of masked fields as it is shown."""
    with visit(chromium, product.served.origin) as seen:
        sign_in(seen.page, product.address(first_name))
        write(seen.page, "People", QUERY)
        answer = run(seen.page)
        expect(seen.page.locator(".result-window")).to_contain_text("displayName")
        masked = masked_fields(seen.page)
    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])
    return answer, masked


def masked_fields(page: Page) -> list[str]:
    return [
        " | ".join(row.get_by_role("cell").or_(row.get_by_role("rowheader")).all_inner_texts())
        for row in page.locator(".masking tbody tr").all()
    ]


def people_of(answer: Any) -> dict[int, dict[str, str | None]]:  # noqa: ANN401  a JSON object
    return {
        edge["node"]["number"]: edge["node"]["assignee"] for edge in answer["data"]["workOrders"]["edges"]
    }


def test_who_may_see_everybody_gets_raw_values_and_an_empty_list(product: Product, chromium: Browser) -> None:
    answer, masked = answer_of(product, chromium, "an")

    tom = {"displayName": "Tom Maes", "email": product.address("tom"), "phone": "+32470110011"}
    uma = {"displayName": "Uma Claes", "email": product.address("uma"), "phone": "+32470220022"}
    assert people_of(answer) == {1: tom, 2: uma, 3: tom}
    assert "extensions" not in answer
    assert masked == []


def test_a_viewer_gets_initials_and_no_contact_and_reads_so_in_the_list(
    product: Product, chromium: Browser
) -> None:
    answer, masked = answer_of(product, chromium, "vera")

    tom = {"displayName": "T•• M••", "email": None, "phone": None}
    uma = {"displayName": "U•• C••", "email": None, "phone": None}
    assert people_of(answer) == {1: tom, 2: uma, 3: tom}
    path = "workOrders.edges.*.node.assignee"
    assert masked == [
        f"User.displayName | initials | relation | all | {path}.displayName",
        f"User.email | null | role | all | {path}.email",
        f"User.phone | null | role | all | {path}.phone",
    ]


def test_a_requester_gets_own_orders_and_contact_only_while_one_is_open(
    product: Product, chromium: Browser
) -> None:
    answer, masked = answer_of(product, chromium, "rita")

    tom = {"displayName": "Tom Maes", "email": product.address("tom"), "phone": "+32470110011"}
    uma = {"displayName": "Uma Claes", "email": None, "phone": None}
    assert people_of(answer) == {1: tom, 2: uma}
    path = "workOrders.edges.*.node.assignee"
    assert masked == [
        f"User.email | null | relation | 1 | {path}.email",
        f"User.phone | null | relation | 1 | {path}.phone",
    ]


def test_a_session_outlives_a_reload_and_a_sign_out_leaves_nothing_behind(
    product: Product, chromium: Browser
) -> None:
    with visit(chromium, product.served.origin) as seen:
        page = seen.page
        page.goto("/graphiql")
        give_credentials(page, product.address("vera"), "a wrong password")
        expect(page.get_by_role("alert")).to_contain_text("The address or the password is not right")
        give_credentials(page, product.address("vera"))
        expect_editor(page)
        page.reload()
        expect_editor(page)
        expect(page.get_by_label("Roles")).to_have_text("Viewer")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("E-mail address")).to_be_focused()
        kept = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
        cookies = [cookie.get("name") for cookie in page.context.cookies()]
        session = page.evaluate("fetch('/console/session').then((answer) => answer.json())")

    assert kept == []
    assert cookies == ["__Host-isomod-device"]
    assert session == {"csrfToken": None}
    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])


def come_late(route: Route) -> None:
    route.request.frame.page.wait_for_timeout(LATE_MS)
    route.continue_()


def test_what_the_editor_writes_late_is_not_kept_after_a_sign_out(
    product: Product, chromium: Browser
) -> None:
    with visit(chromium, product.served.origin) as seen:
        page = seen.page
        sign_in(page, product.address("vera"))
        page.route("**/graphiql", come_late)
        write(page, "People", QUERY)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("E-mail address")).to_be_focused()
        kept = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")

    assert kept == []
    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])


def test_documentation_explorer_and_history_work_under_the_policy(
    product: Product, chromium: Browser
) -> None:
    with visit(chromium, product.served.origin, color_scheme="dark") as seen:
        page = seen.page
        sign_in(page, product.address("vera"))
        run(page)
        page.get_by_role("button", name="Show Documentation Explorer").click()
        expect(page.get_by_role("link", name="WorkOrderConnection", exact=True)).to_be_visible()
        page.get_by_role("button", name="Show GraphiQL Explorer").click()
        expect(page.locator(".graphiql-explorer-root, .docExplorerWrap").first).to_contain_text("workOrders")
        page.get_by_role("button", name="Show History").click()
        expect(page.locator(".graphiql-history-item").first).to_contain_text("LatestWorkOrders")
    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])


def test_who_is_no_longer_signed_in_is_asked_to_sign_in_again(product: Product, chromium: Browser) -> None:
    with visit(chromium, product.served.origin) as seen:
        sign_in(seen.page, product.address("vera"))
        seen.page.context.clear_cookies(name="__Host-isomod")
        answer = run(seen.page)

        expect(seen.page.get_by_role("status")).to_have_text("Your session has ended. Sign in again.")

    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert (seen.violations, seen.external_requests) == ([], [])
