"""The console as a person uses it: signing in, writing an operation, running it. Waits for what is seen, never for a time."""

from typing import Any

from playwright.sync_api import Page, Response, expect

from tests.web.serving import PASSWORD

PASTE = """(text) => {
  const clipboard = new DataTransfer();
  clipboard.setData('text/plain', text);
  const paste = new ClipboardEvent('paste', {clipboardData: clipboard, bubbles: true, cancelable: true});
  document.activeElement.dispatchEvent(paste);
}"""


def give_credentials(page: Page, email: str, password: str = PASSWORD) -> None:
    """Fills in the form that is shown and sends it."""
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Ends when the editor is there."""
    page.goto("/graphiql")
    give_credentials(page, email, password)
    expect_editor(page)


def expect_signed_in(page: Page, name: str) -> None:
    """The bar above the editor says so; the editor itself may still be loading."""
    expect(page.locator(".console-name")).to_have_text(f"Signed in as {name}")


def expect_editor(page: Page) -> None:
    """The editor has loaded and shows a document."""
    expect(page.locator(".graphiql-query-editor .view-lines")).to_be_visible()


def write(page: Page, name: str, document: str) -> None:
    """Replaces the document in the editor by this one, whose operation has that name."""
    page.locator(".graphiql-query-editor .monaco-editor").first.click()
    page.keyboard.press("Control+A")
    page.evaluate(PASTE, document)
    expect(page.locator(".graphiql-tab-active")).to_contain_text(name)


def run(page: Page) -> Any:  # noqa: ANN401  a JSON object
    """Presses the button and gives the server's answer; the schema that the editor asks for by itself may come later."""
    with page.expect_response(_of_the_editor) as answered:
        page.get_by_role("button", name="Execute query").click()
    return answered.value.json()


def _of_the_editor(response: Response) -> bool:
    asked = response.request.post_data or ""
    return response.url.endswith("/graphql") and "IntrospectionQuery" not in asked
