"""A question about somebody's access to a field, as far as its asker reaches. Refuses to be answered without a record."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from isomod_graphql.audit.service import record
from isomod_graphql.core.errors import BadInput, NotFound, Unauthenticated
from isomod_graphql.core.ids import NOTHING
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.reasons import Answer, Asked, answer, knows_privacy
from isomod_graphql.engine.request import Request
from isomod_graphql.identity.models import ApiToken, PartnerClient
from isomod_graphql.identity.standing import client_standing, person_standing, token_standing
from isomod_graphql.identity.tokens import TOKEN_SCOPE
from permissions.grants import Action
from permissions.principals import Principal
from schema.entities import PERSON
from schema.member_changes import TOKEN_IDS


@dataclass(slots=True)
class AccessQuestion:
    """One question. `person`, after the answer: whoever stands behind the viewer, where it is a person."""

    request: Request
    viewer_id: str
    object_id: str
    field: str
    person: UUID | None = None

    async def answered(self) -> Answer:
        """The account, recorded in the transaction that found it. Raises NotFound and BadInput."""
        request = self.request
        if request.keys is None:
            raise Unauthenticated
        # As the caller reaches it: what is beyond reach is not explained either.
        row = await request.node(self.object_id)
        if row is None:
            raise NotFound(field="objectId")
        known = request.catalogue.weighable[row.type_name].get(self.field)
        if known is None:
            raise BadInput("The object has no such field.", field="field")
        entity = request.catalogue.entity_of_type[row.type_name]
        async with request.writing() as tx:
            kind, viewer_row, principal = await self._viewer(tx)
            asked = Asked(principal, entity, row.row_id, row.type_name, self.field, known.spec)
            first = await answer(tx, asked, told=False)
            if first is None:
                raise NotFound(field="objectId")
            told = await knows_privacy(tx, request.catalogue, request.viewer, first.subject)
            found = await answer(tx, asked, told=True) if told else first
            caller = request.viewer.principal
            for about in ((entity.name, row.row_id), (kind, viewer_row)):
                await record(tx, caller, Action.ACCESS_EXPLAIN, entity=about, fields=[first.coordinate])
        return found or first

    async def _viewer(self, tx: Transaction) -> tuple[str, UUID, Principal | None]:
        """Who is meant, as far as the caller reaches. Raises NotFound."""
        request = self.request
        person = request.row_id(self.viewer_id, PERSON)
        if person != NOTHING:
            self.person = person
            here = PERSON.model.__table__.c
            wanted = select(here.id).where(
                here.tenant_id == tx.tenant_id, here.id == person, PERSON.scope.reachable(request.viewer)
            )
            if await tx.value(wanted) is not None:
                return PERSON.name, person, await person_standing(tx, person)
        token = TOKEN_IDS.open(request, self.viewer_id)
        if token != NOTHING:
            owner = select(ApiToken.person_id).where(
                ApiToken.tenant_id == tx.tenant_id,
                ApiToken.id == token,
                TOKEN_SCOPE.reachable(request.viewer),
            )
            row = await tx.first(owner)
            if row is not None:
                self.person = row.person_id
                return "ApiToken", token, await token_standing(tx, token)
        client = await self._client(tx)
        if client is None:
            raise NotFound(field="viewerId")
        return "PartnerClient", client, await client_standing(tx, client)

    async def _client(self, tx: Transaction) -> UUID | None:
        if Action.CLIENT_READ not in self.request.viewer.vector.actions:
            return None
        here = (PartnerClient.tenant_id == tx.tenant_id, PartnerClient.public_key == self.viewer_id)
        found: UUID | None = await tx.value(select(PartnerClient.id).where(*here))
        return found
