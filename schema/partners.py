"""The programs of partners as administrators see them: what each is registered for, and when its secrets were used. Shows no secret."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.classified import NEEDS, tells
from isomod_graphql.engine.request import Request
from isomod_graphql.identity.caveats import caveats_of
from isomod_graphql.partners.credentials import secrets_of
from isomod_graphql.partners.registration import list_clients
from permissions.categories import Category
from permissions.grants import Action
from permissions.purposes import Purpose
from schema.entities import LOCATION
from schema.inputs import RowIds

SECRET_IDS = RowIds(201)


@tells({Category.OPERATIONAL: "id created_at last_used_at ends_at"})
@strawberry.type(
    description="A secret of a program that has not ended. The secret itself is shown once, when it is made."
)
class ClientSecret:
    """Two are good at once while they are exchanged."""

    id: strawberry.ID
    created_at: datetime
    last_used_at: datetime | None = strawberry.field(description="To the minute; null until it is used.")
    ends_at: datetime | None = strawberry.field(description="Null is without an end of its own.")


@tells(
    {
        Category.OPERATIONAL: "client_id name scopes purpose site_ids categories networks created_at expires_at"
        " disabled_at secrets"
    }
)
@strawberry.type(
    description="A registered program of a partner. Nothing of a registration changes; register another, disable this."
)
class PartnerClient:
    """For those who hold CLIENT_READ."""

    client_id: str = strawberry.field(description="The `client_id` of OAuth.")
    name: str
    scopes: list[str]
    purpose: Purpose
    site_ids: list[strawberry.ID] | None = strawberry.field(description="Null is every site.")
    categories: list[Category] | None = strawberry.field(
        description="Of personal data; null is every one that scopes and purpose leave."
    )
    networks: list[str] = strawberry.field(description="Where it may come from; empty is anywhere.")
    created_at: datetime
    expires_at: datetime
    disabled_at: datetime | None
    secrets: list[ClientSecret]


@strawberry.type
class PartnerQueries:
    """Queries about programs."""

    @strawberry.field(
        metadata={NEEDS: Action.CLIENT_READ},
        description="The programs of partners, the disabled included, the newest first. Needs CLIENT_READ.",
    )
    async def partner_clients(self, info: strawberry.Info) -> list[PartnerClient] | None:
        """Null with an error for everybody else."""
        request = info.context

        async def shown(tx: Transaction) -> list[PartnerClient]:
            return await clients_of(tx, request, await list_clients(tx, request.viewer))

        return await request.reading(shown)


async def clients_of(tx: Transaction, request: Request, rows: Sequence[Any]) -> list[PartnerClient]:
    """These rows of programs, each with its secrets."""
    secrets = await secrets_of(tx, [row.id for row in rows])
    return [_client(request, row, secrets[row.id]) for row in rows]


def _client(request: Request, row: Any, secrets: Sequence[Any]) -> PartnerClient:  # noqa: ANN401  a row
    caveats = caveats_of(row.caveats)
    sites = (
        None
        if caveats.sites is None
        else sorted(request.ids.seal(LOCATION.code, one) for one in caveats.sites)
    )
    return PartnerClient(
        client_id=row.public_key,
        name=row.name,
        scopes=row.scopes,
        purpose=Purpose(row.purpose),
        site_ids=None if sites is None else [strawberry.ID(one) for one in sites],
        categories=None if caveats.categories is None else sorted(caveats.categories),
        networks=list(caveats.networks),
        created_at=row.created_at,
        expires_at=row.expires_at,
        disabled_at=row.disabled_at,
        secrets=[
            ClientSecret(
                id=strawberry.ID(SECRET_IDS.seal(request, one.id)),
                created_at=one.created_at,
                last_used_at=one.last_used_at,
                ends_at=one.ends_at,
            )
            for one in secrets
        ],
    )
