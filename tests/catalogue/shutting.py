"""Callers who can be shut out, each in another way, and how that is done through the graph. It judges nothing."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

from permissions.principals import Role
from tests.catalogue.house import House
from tests.web.programs import register
from tests.web.serving import add_colleague

SOON: Final = (datetime.now(UTC) + timedelta(days=1)).isoformat()
READS: Final = ["ASSETS_READ", "WORK_ORDERS_READ", "LOCATIONS_READ"]
_NUMBERS: Final = count(1)

Shut = tuple[str, Callable[[], object]]
"""A token, and what ends it."""


def newcomer(house: House, name: str) -> tuple[str, str]:
    """The id and the token of somebody new who views."""
    _, token = add_colleague(house.urls, house.product, f"{name}{next(_NUMBERS)} Peel", Role.VIEWER)
    house.people["newcomer"] = (house.product.admin, token)
    person: str = house.data("newcomer", "{ viewer { id } }")["viewer"]["id"]
    return person, token


def _role_taken(house: House) -> Shut:
    person, token = newcomer(house, "Rolf")
    return token, lambda: house.change(
        "admin", "removeRole", {"personId": person, "role": "VIEWER", "expiresAt": None}
    )


def _deactivated(house: House) -> Shut:
    person, token = newcomer(house, "Dirk")
    return token, lambda: house.change("admin", "deactivateUser", {"personId": person})


def _token_revoked(house: House) -> Shut:
    label = f"short {next(_NUMBERS)}"
    given = {"label": label, "scopes": READS, "expiresAt": SOON}
    made = house.change("admin", "createToken", given, "secret")
    assert made["userErrors"] == []
    listed = house.data("admin", "{ apiTokens { id label } }")["apiTokens"]
    token_id = next(one["id"] for one in listed if one["label"] == label)
    return made["secret"], lambda: house.change("admin", "revokeToken", {"tokenId": token_id})


def _client_disabled(house: House) -> Shut:
    program = register(house.product, *READS)
    return program.token(), lambda: house.change("admin", "disableClient", {"clientId": program.client_id})


SHUT: Final[Mapping[str, Callable[[House], Shut]]] = {
    "RoleAssignment": _role_taken,
    "User": _deactivated,
    "ApiToken": _token_revoked,
    "PartnerClient": _client_disabled,
}
