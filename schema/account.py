"""What a caller sees of the organisation and of the own account: settings, sessions, tokens. Nobody sees another person's."""

from datetime import date, datetime

import strawberry
from sqlalchemy import select

from isomod_graphql.engine.classified import NEEDS, tells
from isomod_graphql.engine.entities import Classified
from isomod_graphql.identity import sessions, tokens
from isomod_graphql.organisations.models import Tenant
from permissions.categories import Category
from permissions.grants import Action
from schema.account_changes import session_id
from schema.context import services_of
from schema.member_changes import TOKEN_IDS


@tells({Category.OPERATIONAL: "slug name locale time_zone four_eyes contract_start contract_end"})
@strawberry.type(description="The organisation that the caller works in.")
class Organisation:
    """A tenant and its contract."""

    slug: str
    name: str
    locale: str
    time_zone: str
    four_eyes: bool
    contract_start: date
    contract_end: date | None


@tells(
    {
        Category.OPERATIONAL: "id created_at current",
        Category.DEVICE: "last_used_at address user_agent",
    }
)
@strawberry.type(description="A browser or app that is signed in to the caller's own account.")
class Session:
    """`address` and `userAgent` are shown to the account's owner alone."""

    id: strawberry.ID
    created_at: datetime
    last_used_at: datetime = strawberry.field(directives=[Classified(category=Category.DEVICE)])
    address: str | None = strawberry.field(directives=[Classified(category=Category.DEVICE)])
    user_agent: str | None = strawberry.field(directives=[Classified(category=Category.DEVICE)])
    current: bool


@tells({Category.OPERATIONAL: "id label scopes expires_at"})
@strawberry.type(description="A bearer token; its secret is never shown again.")
class ApiToken:
    """One's own, or all of the organisation's for an administrator."""

    id: strawberry.ID
    label: str
    scopes: list[str]
    expires_at: datetime


@strawberry.type
class AccountQueries:
    """Queries about the caller's own place."""

    @strawberry.field(
        metadata={NEEDS: Action.VIEWER_READ}, description="The organisation that the caller works in."
    )
    async def organisation(self, info: strawberry.Info) -> Organisation:
        """Needs a sign-in."""
        request = info.context
        row = await request.reading(
            lambda tx: tx.first(select(Tenant).where(Tenant.id == request.viewer.tenant_id))
        )
        names = ("slug", "name", "locale", "time_zone", "four_eyes", "contract_start", "contract_end")
        return Organisation(**{name: getattr(row, name) for name in names})

    @strawberry.field(metadata={NEEDS: Action.SESSION_MANAGE}, description="The caller's own live sessions.")
    async def sessions(self, info: strawberry.Info) -> list[Session]:
        """Needs a session; a token sees none."""
        request = info.context
        if request.viewer.principal.scopes is not None:
            return []
        request.viewer.require(Action.SESSION_MANAGE)
        found = await sessions.list_sessions(services_of(request).desk, request.viewer.principal)
        return [
            Session(
                id=strawberry.ID(session_id(one.id)),
                created_at=one.created_at,
                last_used_at=one.last_used_at,
                address=one.address,
                user_agent=one.user_agent,
                current=one.current,
            )
            for one in found
        ]

    @strawberry.field(
        metadata={NEEDS: Action.TOKEN_REVOKE},
        description="Bearer tokens: one's own, or the organisation's for an administrator.",
    )
    async def api_tokens(self, info: strawberry.Info) -> list[ApiToken]:
        """Live ones, newest first."""
        request = info.context
        rows = await request.reading(lambda tx: tokens.list_tokens(tx, request.viewer))
        names = ("label", "scopes", "expires_at")
        return [
            ApiToken(
                id=strawberry.ID(TOKEN_IDS.seal(request, row.id)),
                **{name: getattr(row, name) for name in names},
            )
            for row in rows
        ]
