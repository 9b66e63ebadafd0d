"""Registering, rotating and disabling programs of partners. Refuses a program wider than who registers it; a secret is shown once."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import strawberry

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.classified import tells, writes
from isomod_graphql.partners import credentials, registration
from permissions.categories import Category
from permissions.grants import Action
from permissions.principals import Scope
from permissions.purposes import Purpose
from schema.inputs import CATEGORIES, USER_ERRORS, Given, caveats_given
from schema.outcomes import UserError, guarded
from schema.partners import SECRET_IDS, PartnerClient, clients_of

OVERLAP = timedelta(days=7)
"""How long the old secret is still good when nothing is said of it."""
CLIENT_ID = "The program, by its `clientId`."


@writes(
    Action.CLIENT_MANAGE,
    {Category.OPERATIONAL: "name scopes purpose expires_at site_ids categories networks"},
)
@strawberry.input(description="What a partner's program is registered for.")
class RegisterClientInput:
    """Nothing of it changes afterwards."""

    name: str = strawberry.field(description="What people know it by.")
    scopes: list[Scope] = strawberry.field(
        description="The most that a token of it may be for. Personal data needs its own scope here and in the request for the token."
    )
    purpose: Purpose = strawberry.field(description="What the program does with the data.")
    expires_at: datetime = strawberry.field(description="At most a year from now.")
    site_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The only sites whose rows it reaches; without them every site."
    )
    categories: list[Category] | None = strawberry.field(default=None, description=CATEGORIES)
    networks: list[str] = strawberry.field(
        default_factory=list,
        description="The only networks (CIDR) that it may come from, for its tokens too; without them any.",
    )


@writes(Action.CLIENT_MANAGE, {Category.OPERATIONAL: "client_id old_secret_ends_at"})
@strawberry.input(description="Whose secret is to be exchanged.")
class RotateClientSecretInput:
    """The new secret is good at once."""

    client_id: str = strawberry.field(description=CLIENT_ID)
    old_secret_ends_at: datetime | None = strawberry.field(
        default=None,
        description="When the secret of before ends by itself: without a word in 7 days, at most in 90; a past moment is now.",
    )


@writes(Action.CLIENT_MANAGE, {Category.OPERATIONAL: "client_id secret_id"})
@strawberry.input(description="Which of two secrets ends now.")
class EndClientSecretInput:
    """The other one stays good."""

    client_id: str = strawberry.field(description=CLIENT_ID)
    secret_id: strawberry.ID = strawberry.field(description="An id from `secrets`.")


@writes(Action.CLIENT_MANAGE, {Category.OPERATIONAL: "client_id"})
@strawberry.input(description="Which program is to be disabled.")
class DisableClientInput:
    """For good."""

    client_id: str = strawberry.field(description=CLIENT_ID)


@tells({Category.CREDENTIAL: "client_secret", Category.OPERATIONAL: "client user_errors"})
@strawberry.type(description="The program and its new secret, or why nothing was done.")
class ClientSecretPayload:
    """The secret is shown this once."""

    client: PartnerClient | None = None
    client_secret: str | None = strawberry.field(default=None, description="The `client_secret` of OAuth.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=USER_ERRORS)


@tells({Category.OPERATIONAL: "client user_errors"})
@strawberry.type(description="The program as it now is, or why nothing was done.")
class ClientPayload:
    """Without a secret."""

    client: PartnerClient | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=USER_ERRORS)


@strawberry.type
class PartnerChanges:
    """Mutations of programs. Each needs CLIENT_MANAGE and a fresh proof of identity."""

    @strawberry.mutation(
        description=(
            "Registers a program of a partner, which gets tokens at `/oauth/token`. "
            "Codes: GRANT_REFUSED (wider than the caller), NOT_FOUND (a site)."
        )
    )
    async def register_client(
        self, info: strawberry.Info, input: Given[RegisterClientInput]
    ) -> ClientSecretPayload | None:
        """With its first secret."""
        request = info.context

        async def work(tx: Transaction) -> tuple[str, str | None]:
            request.viewer.require(Action.CLIENT_MANAGE)
            given = registration.NewClient(
                name=input.name,
                scopes=frozenset(input.scopes),
                purpose=input.purpose,
                expires_at=input.expires_at,
                caveats=caveats_given(request, input.site_ids, input.networks, input.categories),
            )
            made = await registration.register_client(tx, request.viewer, given)
            return made.client_id, (await credentials.put_secret(tx, made.id)).secret

        done = await _changed(info, "CLIENT_REGISTER", input, work)
        if isinstance(done, UserError):
            return ClientSecretPayload(user_errors=[done])
        return ClientSecretPayload(client=done[0], client_secret=done[1])

    @strawberry.mutation(
        description=(
            "A second secret for a program; the first one ends later, by itself or by `endClientSecret`. "
            "Codes: CONFLICT (two are good already, or disabled), GRANT_REFUSED, NOT_FOUND."
        )
    )
    async def rotate_client_secret(
        self, info: strawberry.Info, input: Given[RotateClientSecretInput]
    ) -> ClientSecretPayload | None:
        """Tokens of before stay good until they end."""
        request = info.context

        async def work(tx: Transaction) -> tuple[str, str | None]:
            request.viewer.require(Action.CLIENT_MANAGE)
            issued = await credentials.rotate_secret(
                tx,
                request.viewer,
                client_id=input.client_id,
                old_ends_at=input.old_secret_ends_at or tx.now + OVERLAP,
            )
            return input.client_id, issued.secret

        done = await _changed(info, "CLIENT_SECRET_ROTATE", input, work)
        if isinstance(done, UserError):
            return ClientSecretPayload(user_errors=[done])
        return ClientSecretPayload(client=done[0], client_secret=done[1])

    @strawberry.mutation(
        description="Ends one of two secrets at once. Codes: CONFLICT (the only one), NOT_FOUND."
    )
    async def end_client_secret(
        self, info: strawberry.Info, input: Given[EndClientSecretInput]
    ) -> ClientPayload | None:
        """For an exchange that is done, or a secret that got about."""
        request = info.context

        async def work(tx: Transaction) -> tuple[str, str | None]:
            request.viewer.require(Action.CLIENT_MANAGE)
            secret = SECRET_IDS.open(request, input.secret_id)
            await credentials.end_secret(tx, request.viewer, client_id=input.client_id, secret_id=secret)
            return input.client_id, None

        done = await _changed(info, "CLIENT_SECRET_END", input, work)
        return (
            ClientPayload(user_errors=[done])
            if isinstance(done, UserError)
            else ClientPayload(client=done[0])
        )

    @strawberry.mutation(
        description="Ends a program, its secrets and every token of it at once. Code: NOT_FOUND."
    )
    async def disable_client(
        self, info: strawberry.Info, input: Given[DisableClientInput]
    ) -> ClientPayload | None:
        """For good."""
        request = info.context

        async def work(tx: Transaction) -> tuple[str, str | None]:
            await registration.disable_client(tx, request.viewer, client_id=input.client_id)
            return input.client_id, None

        done = await _changed(info, "CLIENT_DISABLE", input, work)
        return (
            ClientPayload(user_errors=[done])
            if isinstance(done, UserError)
            else ClientPayload(client=done[0])
        )


async def _changed(
    info: strawberry.Info,
    action: str,
    given: object,
    work: Callable[[Transaction], Awaitable[tuple[str, str | None]]],
) -> tuple[PartnerClient, str | None] | UserError:
    """The program after the change and the secret that came of it, or the refusal."""
    request = info.context

    async def in_transaction() -> tuple[PartnerClient, str | None]:
        async with request.writing() as tx:
            client_id, secret = await work(tx)
            row = await registration.registered(tx, request.viewer, client_id)
            (client,) = await clients_of(tx, request, [row])
            return client, secret

    return await guarded(request, action, given, in_transaction)
