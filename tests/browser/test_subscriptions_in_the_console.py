"""A subscription in the editor: each change appears as it happens, with its masks under it, until it is stopped."""

import httpx2
from playwright.sync_api import Browser, Response, expect

from tests.browser.chromium import built, visit
from tests.browser.console_page import sign_in, write
from tests.browser.product import Product

SUBSCRIPTION = "subscription Follow { workOrderChanged(filter: {number: 1}) { title requester { email } } }"
FIRST = "{ workOrders(first: 1, filter: {number: 1}) { nodes { id } } }"
RETITLE = (
    "mutation ($input: UpdateWorkOrderInput!) { updateWorkOrder(input: $input) { userErrors { code } } }"
)

pytestmark = built


def ask(product: Product, query: str, **variables: object) -> dict[str, dict[str, list[dict[str, str]]]]:
    """As the administrator, past the browser."""
    served = product.served
    body = {"query": query, "variables": variables}
    answer = httpx2.post(
        f"{served.origin}/graphql", json=body, headers={"Authorization": f"Bearer {served.token}"}
    )
    data: dict[str, dict[str, list[dict[str, str]]]] = answer.json()["data"]
    return data


def is_stream(response: Response) -> bool:
    return response.headers.get("content-type", "").startswith("text/event-stream")


def test_the_editor_shows_each_change_with_its_masks_until_it_is_stopped(
    product: Product, chromium: Browser
) -> None:
    order = ask(product, FIRST)["workOrders"]["nodes"][0]["id"]
    with visit(chromium, product.served.origin) as seen:
        page = seen.page
        sign_in(page, product.address("vera"))
        write(page, "Follow", SUBSCRIPTION)
        with page.expect_response(is_stream):
            page.locator(".graphiql-execute-button").click()
        for title in ("Seal 12", "Seal 13"):
            assert ask(product, RETITLE, input={"workOrderId": order, "title": title}) == {
                "updateWorkOrder": {"userErrors": []}
            }
            expect(page.locator(".result-window")).to_contain_text(title)
        expect(page.locator(".masking")).to_contain_text("User.email")
        with page.expect_event("requestfailed"):
            page.locator(".graphiql-execute-button").click()
        ask(product, RETITLE, input={"workOrderId": order, "title": "Seal 14"})
        expect(page.locator(".result-window")).to_contain_text("Seal 13")

    assert (seen.violations, seen.external_requests, seen.errors) == ([], [], [])
