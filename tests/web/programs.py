"""A partner's program at a running product: registered through the graph, asking over HTTP. It judges nothing."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from tests.web.serving import Served

FORM = "application/x-www-form-urlencoded"
REGISTER = """
mutation ($input: RegisterClientInput!) {
  registerClient(input: $input) { clientSecret client { clientId } userErrors { code field } }
}
"""


@dataclass(frozen=True)
class Program:
    """Its credentials, and where it asks."""

    origin: str
    client_id: str
    client_secret: str

    @property
    def basic(self) -> dict[str, str]:
        return {
            "Authorization": "Basic " + b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        }

    def post(
        self, path: str, form: Mapping[str, str] | bytes, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """A form, with HTTP Basic unless other headers are given."""
        sent = {"Content-Type": FORM, **(self.basic if headers is None else headers)}
        if isinstance(form, bytes):
            return httpx2.post(f"{self.origin}{path}", content=form, headers=sent, timeout=20)
        return httpx2.post(f"{self.origin}{path}", data=dict(form), headers=sent, timeout=20)

    def token(self, **form: str) -> str:
        answer = self.post("/oauth/token", {"grant_type": "client_credentials", **form})
        found: str = answer.json()["access_token"]
        return found


def graph(
    product: Served,
    query: str,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    **variables: object,
) -> httpx2.Response:
    """The answer to a document, as the administrator unless another token is given."""
    sent = {
        "Authorization": f"Bearer {token or product.token}",
        "Content-Type": "application/json",
        **(headers or {}),
    }
    body = json.dumps({"query": query, "variables": variables}).encode()
    return httpx2.post(f"{product.origin}/graphql", content=body, headers=sent, timeout=20)


def changed(product: Served, query: str, **given: object) -> dict[str, Any]:
    """The payload of the only mutation of a document with the variable `input`."""
    (payload,) = graph(product, query, input=given).json()["data"].values()
    found: dict[str, Any] = payload
    return found


def register(product: Served, *scopes: str, **given: object) -> Program:
    """A new program with these scopes, as the graph writes them."""
    asked = {
        "name": "ERP", "scopes": list(scopes) or ["WORK_ORDERS_READ"], "purpose": "SERVICE",
        "expiresAt": (datetime.now(UTC) + timedelta(days=20)).isoformat(), **given,
    }  # fmt: skip
    made = changed(product, REGISTER, **asked)
    assert made["userErrors"] == []
    return Program(product.origin, made["client"]["clientId"], made["clientSecret"])
