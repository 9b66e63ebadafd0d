"""How a program asks for less than its registration: `authorization_details` of RFC 9396, one entry of one type. Refuses what it does not know."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Final, TypeVar
from uuid import UUID

from isomod_graphql.partners.errors import InvalidAuthorizationDetails
from permissions.categories import PERSONAL, Category
from permissions.caveats import Caveats

TYPE: Final = "isomod"
MOST_ENTRIES: Final = 100
"""Sites or networks of one request."""
LONGEST_LIFE_S: Final = 3_600
_MEMBERS: Final = frozenset({"type", "sites", "categories", "networks", "expires_in"})
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What a token is to be narrowed to; None leaves it as the registration has it. `sites` are global ids."""

    sites: frozenset[str] | None = None
    categories: frozenset[Category] | None = None
    networks: tuple[str, ...] = ()
    expires_in: int = LONGEST_LIFE_S


def narrowing_of(text: str | None) -> Narrowing:
    """The one entry of the parameter. Raises InvalidAuthorizationDetails (RFC 9396 section 5), also for an unknown member."""
    if text is None:
        return Narrowing()
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidAuthorizationDetails from None
    entry = given[0] if isinstance(given, list) and len(given) == 1 else None
    if not isinstance(entry, dict) or entry.get("type") != TYPE or not entry.keys() <= _MEMBERS:
        raise InvalidAuthorizationDetails
    sites = _listed(entry, "sites", str)
    networks = _listed(entry, "networks", _network)
    if networks is not None and not networks:
        raise InvalidAuthorizationDetails("networks: an empty list would admit nobody.")
    return Narrowing(
        sites=None if sites is None else frozenset(sites),
        categories=_categories(entry),
        networks=networks or (),
        expires_in=_seconds(entry.get("expires_in", LONGEST_LIFE_S)),
    )


def told(caveats: Caveats, sealed: Callable[[UUID], str]) -> list[dict[str, Any]]:
    """The entry that says what a token is narrowed to, its registration included; nothing where it is not."""
    entry: dict[str, Any] = {"type": TYPE}
    if caveats.sites is not None:
        entry["sites"] = sorted(sealed(site) for site in caveats.sites)
    if caveats.categories is not None:
        entry["categories"] = sorted(caveats.categories)
    if caveats.networks:
        entry["networks"] = list(caveats.networks)
    return [entry] if len(entry) > 1 else []


def _listed(entry: Mapping[str, Any], name: str, read: Callable[[str], T]) -> tuple[T, ...] | None:
    if name not in entry:
        return None
    given = entry[name]
    if (
        not isinstance(given, list)
        or len(given) > MOST_ENTRIES
        or not all(isinstance(one, str) for one in given)
    ):
        raise InvalidAuthorizationDetails
    return tuple(read(one) for one in given)


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise InvalidAuthorizationDetails("networks: written as in 192.0.2.0/24.") from None


def _categories(entry: Mapping[str, Any]) -> frozenset[Category] | None:
    """Personal ones only: a caveat of another category would narrow nothing."""

    def read(text: str) -> Category:
        if text not in PERSONAL:
            raise InvalidAuthorizationDetails("categories: those of personal data.")
        return Category(text)

    found = _listed(entry, "categories", read)
    return None if found is None else frozenset(found)


def _seconds(given: object) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= LONGEST_LIFE_S:
        raise InvalidAuthorizationDetails(f"expires_in: 1 to {LONGEST_LIFE_S} seconds.")
    return given
