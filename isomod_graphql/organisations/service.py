"""Taking an organisation on: its keys, its row, its name in the directory. Refuses a slug that somebody has; knows nobody who works there."""

import re
from datetime import date
from uuid import UUID

from sqlalchemy import insert

from isomod_graphql.audit.service import record
from isomod_graphql.core.directory import Kind, enter, platform_hash
from isomod_graphql.core.errors import BadInput, Conflict
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.store import Store
from isomod_graphql.core.text import line
from isomod_graphql.organisations.models import Tenant
from permissions.principals import NOBODY

_SLUG = re.compile(r"[a-z0-9-]{2,40}")


class SlugTaken(Conflict):
    """Another organisation has this slug."""

    message = "Another organisation has this short name."


async def create_tenant(
    store: Store,
    *,
    slug: str,
    name: str,
    contract_start: date,
    contract_end: date | None = None,
    locale: str = "en",
    time_zone: str = "Europe/Brussels",
    four_eyes: bool = False,
) -> UUID:
    """Takes an organisation on and returns its id; people come afterwards. Raises SlugTaken, BadInput.

    The keys are made first, in the other database: keys without an organisation open nothing.
    """
    if not _SLUG.fullmatch(slug):
        raise BadInput("A short name has 2 to 40 small letters, digits and hyphens.", field="slug")
    tenant_id = new_id(store.clock.now())
    await store.keystore.create_tenant(tenant_id)
    async with store.transaction(tenant_id, write=True) as tx:
        if not await enter(tx, Kind.SLUG, await platform_hash(tx, Kind.SLUG, slug), tenant_id):
            raise SlugTaken(field="slug")
        row = {
            "id": tenant_id, "slug": slug, "name": line(name, field="name"), "locale": locale, "time_zone": time_zone,
            "four_eyes": four_eyes, "contract_start": contract_start, "contract_end": contract_end,
            "created_at": tx.now, "updated_at": tx.now,
        }  # fmt: skip
        await tx.run(insert(Tenant).values(row))
        await record(tx, NOBODY, "TENANT_CREATE", entity=("Tenant", tenant_id))
    return tenant_id
