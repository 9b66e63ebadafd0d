"""Caveats of a token as JSON, and back. Refuses what it does not know: a restriction that cannot be read is not dropped."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from permissions.categories import Category
from permissions.caveats import Caveats

_KNOWN = frozenset({"sites", "networks", "not_after", "categories"})


def json_of(caveats: Caveats) -> dict[str, Any]:
    """Only what is restricted."""
    stored: dict[str, Any] = {}
    if caveats.sites is not None:
        stored["sites"] = sorted(str(site) for site in caveats.sites)
    if caveats.networks:
        stored["networks"] = list(caveats.networks)
    if caveats.not_after is not None:
        stored["not_after"] = caveats.not_after.isoformat()
    if caveats.categories is not None:
        stored["categories"] = sorted(caveats.categories)
    return stored


def caveats_of(stored: Mapping[str, Any]) -> Caveats:
    """Raises ValueError for a restriction that this version does not know."""
    if not stored.keys() <= _KNOWN:
        raise ValueError("unknown caveat")
    sites, end, categories = stored.get("sites"), stored.get("not_after"), stored.get("categories")
    return Caveats(
        sites=None if sites is None else frozenset(UUID(site) for site in sites),
        networks=tuple(stored.get("networks", ())),
        not_after=None if end is None else datetime.fromisoformat(end),
        categories=None if categories is None else frozenset(Category(category) for category in categories),
    )
