"""A new organisation with its first member, who gets the guarded role and a letter. Refuses nothing that the two halves do not refuse."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from isomod_graphql.audit.service import record
from isomod_graphql.core.store import Store
from isomod_graphql.core.text import line
from isomod_graphql.identity.memberships import add_member
from isomod_graphql.identity.roles import GivenRole
from isomod_graphql.organisations.service import create_tenant
from isomod_graphql.subjects.addresses import checked_email
from permissions.grants import GUARDED_ROLE
from permissions.principals import NOBODY


@dataclass(frozen=True, slots=True)
class Founded:
    """The organisation, and its first member, who is invited."""

    tenant_id: UUID
    person_id: UUID


async def found_tenant(
    store: Store,
    *,
    slug: str,
    name: str,
    founder_email: str,
    founder_name: str,
    contract_start: date,
    contract_end: date | None = None,
    locale: str = "en",
    time_zone: str = "Europe/Brussels",
    four_eyes: bool = False,
) -> Founded:
    """Takes an organisation on. Raises SlugTaken, BadInput, MaskedValueRejected."""
    values: dict[str, str | None] = {
        "email": checked_email(founder_email, field="founderEmail"),
        "name": line(founder_name, field="founderName"),
        "locale": locale,
    }
    tenant_id = await create_tenant(
        store, slug=slug, name=name, contract_start=contract_start, contract_end=contract_end, locale=locale,
        time_zone=time_zone, four_eyes=four_eyes,
    )  # fmt: skip
    async with store.transaction(tenant_id, write=True) as tx:
        person_id = await add_member(tx, values=values, roles=[GivenRole(GUARDED_ROLE)])
        await record(tx, NOBODY, "USER_INVITE", entity=("User", person_id), fields=values)
    return Founded(tenant_id, person_id)
