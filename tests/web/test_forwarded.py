"""X-Forwarded-For is believed from the proxies of the setting, and from nobody else."""

import pytest
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from isomod_graphql.core.settings import Settings
from isomod_graphql.web.forwarded import ForwardedAddress


async def seen(peer: str, *proxies: str, **headers: str) -> tuple[str, str]:
    """The address and the scheme that the application sees."""
    found: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        found.append(scope)

    async def unused(*_given: object) -> object:
        raise AssertionError

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "client": (peer, 4711), "scheme": "http", "headers": raw}
    await ForwardedAddress(app, proxies=proxies)(scope, unused, unused)  # type: ignore[arg-type]  # never called
    return found[0]["client"][0], found[0]["scheme"]


async def test_a_stranger_cannot_choose_an_address() -> None:
    assert await seen("203.0.113.9", x_forwarded_for="10.0.0.1") == ("203.0.113.9", "http")
    assert await seen("203.0.113.9", "10.0.0.0/8", x_forwarded_for="10.0.0.1") == ("203.0.113.9", "http")


async def test_a_proxy_is_believed_about_its_own_client_and_not_about_what_that_client_said() -> None:
    sent = await seen(
        "10.0.0.2", "10.0.0.0/8", x_forwarded_for="1.2.3.4, 203.0.113.9, 10.0.0.7", x_forwarded_proto="https"
    )

    assert sent == ("203.0.113.9", "https")


@pytest.mark.parametrize("header", ["", "unknown", "203.0.113.9, unknown", "10.0.0.3"])
async def test_without_a_usable_address_the_proxy_itself_is_the_client(header: str) -> None:
    assert await seen("10.0.0.2", "10.0.0.0/8", x_forwarded_for=header) == ("10.0.0.2", "http")


def test_a_setting_that_names_no_network_is_refused() -> None:
    assert Settings(trusted_proxies="10.0.0.0/8, 192.0.2.7/32").proxies == ("10.0.0.0/8", "192.0.2.7/32")

    with pytest.raises(ValidationError):
        Settings(trusted_proxies="proxy.internal")
