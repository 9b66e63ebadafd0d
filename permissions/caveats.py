"""What a credential gave up when it was made: sites, networks, time, categories; a caveat narrows and never widens."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias, TypeVar
from uuid import UUID

from permissions.categories import Category

Network: TypeAlias = IPv4Network | IPv6Network
_Item = TypeVar("_Item")

NOWHERE: Final[tuple[str, ...]] = ("::/128",)
"""The networks of a credential that no network admits: the unspecified address, which no peer can have (RFC 4291, 2.5.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caveats:
    """Restrictions on top of roles and scopes; None (for networks: empty) means "not restricted in this respect".

    `categories` narrows personal categories only: data that is about no person follows its row.
    Raises ValueError for a network that is not in CIDR notation and for a `not_after` without a time zone.
    """

    sites: frozenset[UUID] | None = None
    networks: tuple[str, ...] = ()
    not_after: datetime | None = None
    categories: frozenset[Category] | None = None

    def __post_init__(self) -> None:
        if self.not_after is not None and self.not_after.tzinfo is None:
            message = "not_after needs a time zone"
            raise ValueError(message)
        canonical = tuple(sorted({str(ip_network(network)) for network in self.networks}))
        object.__setattr__(self, "networks", canonical)


UNRESTRICTED: Final = Caveats()


def narrow(parent: Caveats, child: Caveats) -> Caveats:
    """Both at once: what the result admits, the parent and the child each admit."""
    return Caveats(
        sites=_both(parent.sites, child.sites),
        networks=_shared_networks(parent.networks, child.networks),
        not_after=_earlier(parent.not_after, child.not_after),
        categories=_both(parent.categories, child.categories),
    )


def is_narrower(child: Caveats, parent: Caveats) -> bool:
    """True when the child admits nothing that the parent refuses; a credential may only hand on such a child."""
    return narrow(parent, child) == narrow(child, child)


def is_within(asked: Caveats, parent: Caveats) -> bool:
    """True when everything that is asked for lies within the parent; what is left open is the parent's."""
    filled = replace(
        asked,
        sites=parent.sites if asked.sites is None else asked.sites,
        networks=asked.networks or parent.networks,
        not_after=parent.not_after if asked.not_after is None else asked.not_after,
        categories=parent.categories if asked.categories is None else asked.categories,
    )
    return is_narrower(filled, parent)


def admits_address(caveats: Caveats, address: str) -> bool:
    """True when a request from this address may use the credential; an unreadable address is no address."""
    if not caveats.networks:
        return True
    try:
        peer = ip_address(address)
    except ValueError:
        return False
    if isinstance(peer, IPv6Address) and peer.ipv4_mapped is not None:
        peer = peer.ipv4_mapped
    if peer.is_unspecified:
        return False
    return any(peer in ip_network(network) for network in caveats.networks)


def admits_time(caveats: Caveats, now: datetime) -> bool:
    """True until the moment `not_after`, which itself is too late."""
    return caveats.not_after is None or now < caveats.not_after


def _both(left: frozenset[_Item] | None, right: frozenset[_Item] | None) -> frozenset[_Item] | None:
    if left is None:
        return right
    return left if right is None else left & right


def _earlier(left: datetime | None, right: datetime | None) -> datetime | None:
    if left is None:
        return right
    return left if right is None else min(left, right)


def _shared_networks(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    if not left or not right:
        return _smallest(ip_network(network) for network in left or right)
    pairs = ((ip_network(one), ip_network(other)) for one in left for other in right)
    shared = [
        one if one.prefixlen >= other.prefixlen else other for one, other in pairs if one.overlaps(other)
    ]
    return _smallest(shared) or NOWHERE


def _smallest(networks: Iterable[Network]) -> tuple[str, ...]:
    """Without the networks that lie inside another one of the list."""
    listed = set(networks)
    return tuple(sorted(str(one) for one in listed if not any(_inside(one, other) for other in listed)))


def _inside(inner: Network, outer: Network) -> bool:
    return inner != outer and inner.prefixlen > outer.prefixlen and inner.overlaps(outer)
