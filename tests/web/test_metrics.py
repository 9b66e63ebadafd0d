"""What an operator is told of a process: to who has the token, in words of a closed list, and without a trace of what was asked or stored."""

import re
from collections.abc import Iterator

import httpx2
import pytest

from isomod_graphql.core.installation import Urls
from permissions.categories import PERSONAL_ORDER
from tests.web.exporting import ask, export, headers
from tests.web.serving import Served, serve

TOKEN = "metrics-token-of-the-operator-0123456789"
SAMPLE = re.compile(r"^(isomod_\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """The product with one organisation, measured."""
    with serve(urls, "measured", metrics_token=TOKEN) as running:
        yield running


def scrape(origin: str, token: str = TOKEN) -> httpx2.Response:
    return httpx2.get(f"{origin}/metrics", headers={"Authorization": f"Bearer {token}"}, timeout=20)


def samples(text: str) -> dict[tuple[str, ...], float]:
    """By name and values of labels."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            matched = SAMPLE.match(line)
            assert matched is not None, line
            name, labels, value = matched.groups()
            found[name, *(one for _, one in LABEL.findall(labels or ""))] = float(value)
    return found


def test_requests_answers_exports_and_the_queue_are_counted(product: Served) -> None:
    before = samples(scrape(product.origin).text)
    ask(product, "{ viewer { id } }")
    ask(product, "{ __schema { queryType { name } } }")
    httpx2.post(f"{product.origin}/graphql", content=b"{", headers=headers(product.token))
    export(product, {"list": "users", "columns": ["id"]})

    answer = scrape(product.origin)

    after = samples(answer.text)
    grown = {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name)}
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert grown["isomod_requests_total", "query", "OK"] == 2
    assert grown["isomod_requests_total", "refused", "BAD_REQUEST"] == 1
    assert grown["isomod_answers_total", "compiled", ""] == 1
    assert grown["isomod_answers_total", "reference", "INTROSPECTION"] == 1
    assert grown["isomod_exports_total", "COMPLETE"] == 1
    assert grown["isomod_exported_rows_total",] == 1
    assert grown["isomod_request_seconds_count",] == 3
    assert after["isomod_queue_events", "dead"] == before["isomod_queue_events", "dead"]
    assert {labels[1] for labels in after if labels[0] == "isomod_people_shown_total"} == {
        category.value for category in PERSONAL_ORDER
    }


@pytest.mark.parametrize("token", ["x", "wrong", TOKEN + "0", TOKEN[:-1]])
def test_nobody_without_the_token_is_told(product: Served, token: str) -> None:
    answer = scrape(product.origin, token)

    assert (answer.status_code, answer.json()) == (401, {"status": "unauthenticated"})


def test_without_a_token_there_is_nothing_to_ask(urls: Urls) -> None:
    with serve(urls, "unmeasured") as running:
        assert scrape(running.origin).status_code == 404
