"""Signing in and out and the life of an account. Every answer about an address is the same whether it is known or not."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import strawberry

from isomod_graphql.core.errors import NotFound
from isomod_graphql.engine.classified import NEEDS, tells, writes
from isomod_graphql.identity import email_changes, invitations, proof, recovery, sessions, sign_in
from isomod_graphql.identity.devices import Device
from isomod_graphql.identity.sessions import SessionSecret
from permissions.categories import Category
from permissions.grants import Action
from schema.context import Services, services_of
from schema.outcomes import UserError, guarded
from schema.scalars import EmailAddress

SESSION_COOKIE = "__Host-isomod"
DEVICE_COOKIE = "__Host-isomod-device"
T = TypeVar("T")


@writes(
    Action.SIGN_IN,
    {Category.CONTACT: "email", Category.CREDENTIAL: "password", Category.OPERATIONAL: "organisation"},
)
@strawberry.input(description="Who signs in, and where.")
class SignInInput:
    """A password is never echoed."""

    email: EmailAddress
    password: str
    organisation: str | None = strawberry.field(
        default=None, description="The organisation's slug; without it, the last one used."
    )


@writes(Action.SESSION_MANAGE, {Category.CREDENTIAL: "password"})
@strawberry.input(description="The password again, for what needs a fresh proof.")
class StepUpInput:
    """Valid for ten minutes."""

    password: str


@writes(Action.SESSION_MANAGE, {Category.CREDENTIAL: "old_password new_password"})
@strawberry.input(description="The present password and the new one.")
class ChangePasswordInput:
    """At least 12 characters, hard to guess."""

    old_password: str
    new_password: str


@writes(Action.SIGN_IN, {Category.CONTACT: "email"})
@strawberry.input(description="Whose password was forgotten.")
class RequestPasswordResetInput:
    """The answer is the same for every address."""

    email: EmailAddress


@writes(Action.SIGN_IN, {Category.CREDENTIAL: "token new_password"})
@strawberry.input(description="The token of the letter and the new password.")
class ResetPasswordInput:
    """A token is used once, within 30 minutes."""

    token: str
    new_password: str


@writes(Action.SIGN_IN, {Category.CREDENTIAL: "token password"})
@strawberry.input(description="The token of the invitation and the password to sign in with.")
class AcceptInvitationInput:
    """A token is used once, within 30 minutes."""

    token: str
    password: str


@writes(Action.SIGN_IN, {Category.CREDENTIAL: "token"})
@strawberry.input(description="The token of a letter.")
class TokenInput:
    """A token is used once, within 30 minutes."""

    token: str


@writes(Action.SESSION_MANAGE, {Category.CONTACT: "new_email"})
@strawberry.input(description="The address to sign in with from now on.")
class RequestEmailChangeInput:
    """The answer is the same for an address that is taken."""

    new_email: EmailAddress


@writes(Action.SESSION_MANAGE, {Category.OPERATIONAL: "session_id"})
@strawberry.input(description="Which session to end.")
class KillSessionInput:
    """An id from `sessions`."""

    session_id: strawberry.ID


@writes(Action.SESSION_MANAGE, {Category.OPERATIONAL: "organisation"})
@strawberry.input(description="Where to work from now on.")
class SwitchOrganisationInput:
    """The slug of one of one's own organisations."""

    organisation: str


@tells({Category.OPERATIONAL: "slug name"})
@strawberry.type(description="An organisation that the account may work in.")
class OrganisationChoice:
    """A membership."""

    slug: str
    name: str


@tells({Category.CREDENTIAL: "csrf_token", Category.OPERATIONAL: "organisations user_errors"})
@strawberry.type(description="A new or renewed session; the cookie comes with the answer.")
class SessionPayload:
    """`csrfToken` goes into the header X-CSRF-Token of every later request."""

    csrf_token: str | None = None
    organisations: list[OrganisationChoice] = strawberry.field(default_factory=list)
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@tells({Category.OPERATIONAL: "user_errors"})
@strawberry.type(description="Done, or why not.")
class DonePayload:
    """For what has no row to show."""

    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class AccountChanges:
    """Mutations of the caller's own account."""

    @strawberry.mutation(
        description="Opens a session. Fails alike for an unknown address, a wrong password and a delay."
    )
    async def sign_in(self, info: strawberry.Info, input: SignInInput) -> SessionPayload | None:
        """No sign-in needed."""
        services = services_of(info.context)
        device = Device(services.address, services.user_agent, services.device_secret)

        async def work() -> SessionPayload:
            done = await sign_in.sign_in(
                services.desk,
                email=input.email,
                password=input.password,
                organisation=input.organisation,
                device=device,
            )
            services.cookies[SESSION_COOKIE] = done.session.secret
            services.cookies[DEVICE_COOKIE] = done.device_token
            choices = [OrganisationChoice(slug=one.slug, name=one.name) for one in done.memberships]
            return SessionPayload(csrf_token=done.session.csrf_token, organisations=choices)

        return await _answer(info, "SIGN_IN", input, work, SessionPayload)

    @strawberry.mutation(metadata={NEEDS: Action.SESSION_MANAGE}, description="Ends the session.")
    async def sign_out(self, info: strawberry.Info) -> DonePayload | None:
        """The cookie is cleared."""
        services = services_of(info.context)

        async def work() -> DonePayload:
            await sessions.sign_out(services.desk, info.context.viewer.principal)
            services.cookies[SESSION_COOKIE] = None
            return DonePayload()

        return await _answer(info, "SIGN_OUT", None, work, DonePayload)

    @strawberry.mutation(
        description="A fresh proof of identity, valid for ten minutes; the session gets a new cookie."
    )
    async def step_up(self, info: strawberry.Info, input: StepUpInput) -> SessionPayload | None:
        """Needed before a person is rectified, restricted or erased, and before a token is made."""
        services = services_of(info.context)
        principal = info.context.viewer.principal
        return await _renewing(
            info, "STEP_UP", input, lambda: proof.step_up(services.desk, principal, input.password)
        )

    @strawberry.mutation(description="Replaces the password; every other session ends.")
    async def change_password(
        self, info: strawberry.Info, input: ChangePasswordInput
    ) -> SessionPayload | None:
        """The session gets a new cookie."""
        services, principal = services_of(info.context), info.context.viewer.principal

        def work() -> Awaitable[SessionSecret]:
            return recovery.change_password(
                services.desk, principal, old=input.old_password, new=input.new_password
            )

        return await _renewing(info, "PASSWORD_CHANGE", input, work)

    @strawberry.mutation(description="Works in another organisation of one's own from now on.")
    async def switch_organisation(
        self, info: strawberry.Info, input: SwitchOrganisationInput
    ) -> SessionPayload | None:
        """The session gets a new cookie."""
        services, principal = services_of(info.context), info.context.viewer.principal

        async def work() -> SessionSecret:
            own = await sign_in.memberships(services.desk, principal)
            chosen = next((one for one in own if one.slug == input.organisation), None)
            if chosen is None:
                raise NotFound(field="organisation")
            return await sign_in.switch_tenant(services.desk, principal, chosen.tenant_id)

        return await _renewing(info, "SWITCH_ORGANISATION", input, work)

    @strawberry.mutation(description="Ends one of one's own sessions.")
    async def kill_session(self, info: strawberry.Info, input: KillSessionInput) -> DonePayload | None:
        """At once."""
        services, principal = services_of(info.context), info.context.viewer.principal

        async def work() -> None:
            own = await sessions.list_sessions(services.desk, principal)
            named = next(
                (one for one in own if hmac.compare_digest(session_id(one.id), input.session_id)), None
            )
            if named is None:
                raise NotFound(field="sessionId")
            await sessions.kill_session(services.desk, principal, named.id)

        return await _done(info, "SESSION_KILL", input, work)

    @strawberry.mutation(
        metadata={NEEDS: Action.SESSION_MANAGE}, description="Ends every other session of one's own."
    )
    async def kill_other_sessions(self, info: strawberry.Info) -> DonePayload | None:
        """At once."""
        services, principal = services_of(info.context), info.context.viewer.principal
        return await _done(info, "SESSION_KILL", None, lambda: sessions.kill_all(services.desk, principal))

    @strawberry.mutation(description="Asks for a letter with which a forgotten password can be replaced.")
    async def request_password_reset(
        self, info: strawberry.Info, input: RequestPasswordResetInput
    ) -> DonePayload | None:
        """The same answer for every address."""
        desk = services_of(info.context).desk
        return await _done(
            info, "PASSWORD_RESET", input, lambda: recovery.request_password_reset(desk, email=input.email)
        )

    @strawberry.mutation(description="Replaces a forgotten password; every session ends.")
    async def reset_password(self, info: strawberry.Info, input: ResetPasswordInput) -> DonePayload | None:
        """No sign-in needed."""
        desk = services_of(info.context).desk
        return await _done(
            info,
            "PASSWORD_RESET",
            input,
            lambda: recovery.reset_password(desk, secret=input.token, new=input.new_password),
        )

    @strawberry.mutation(description="Joins the organisation that sent the invitation.")
    async def accept_invitation(
        self, info: strawberry.Info, input: AcceptInvitationInput
    ) -> DonePayload | None:
        """No sign-in needed; who has an account gives its password."""
        desk = services_of(info.context).desk
        return await _done(
            info,
            "INVITATION_ACCEPT",
            input,
            lambda: invitations.accept_invitation(desk, secret=input.token, password=input.password),
        )

    @strawberry.mutation(
        metadata={NEEDS: Action.SESSION_MANAGE},
        description="Asks for a letter that proves the account's address.",
    )
    async def request_verification(self, info: strawberry.Info) -> DonePayload | None:
        """To the account's own address."""
        desk, principal = services_of(info.context).desk, info.context.viewer.principal
        return await _done(
            info, "EMAIL_VERIFY", None, lambda: email_changes.request_verification(desk, principal)
        )

    @strawberry.mutation(description="The address is the account's: proves it with the letter's token.")
    async def verify_email(self, info: strawberry.Info, input: TokenInput) -> DonePayload | None:
        """No sign-in needed."""
        desk = services_of(info.context).desk
        return await _done(
            info, "EMAIL_VERIFY", input, lambda: email_changes.verify_email(desk, secret=input.token)
        )

    @strawberry.mutation(
        description="Asks to sign in with another address: confirmed at the new one, told to the old one."
    )
    async def request_email_change(
        self, info: strawberry.Info, input: RequestEmailChangeInput
    ) -> DonePayload | None:
        """The same answer for an address that is taken."""
        desk, principal = services_of(info.context).desk, info.context.viewer.principal
        return await _done(
            info,
            "EMAIL_CHANGE",
            input,
            lambda: email_changes.request_email_change(desk, principal, new_email=input.new_email),
        )

    @strawberry.mutation(description="Confirms the new address with the letter's token.")
    async def confirm_email_change(self, info: strawberry.Info, input: TokenInput) -> DonePayload | None:
        """No sign-in needed."""
        desk = services_of(info.context).desk
        return await _done(
            info, "EMAIL_CHANGE", input, lambda: email_changes.confirm_email_change(desk, secret=input.token)
        )


def session_id(row_id: Any) -> str:  # noqa: ANN401  a uuid
    """An opaque name of a session, meaningful to its owner only."""
    return hmac.digest(row_id.bytes, b"session", "sha256").hex()[:32]


async def _answer(
    info: strawberry.Info,
    action: str,
    given: object,
    work: Callable[[], Awaitable[T]],
    payload: Callable[..., T],
) -> T:
    done = await guarded(info.context, action, given, work)
    return payload(user_errors=[done]) if isinstance(done, UserError) else done


async def _done(
    info: strawberry.Info, action: str, given: object, work: Callable[[], Awaitable[object]]
) -> DonePayload:
    done = await guarded(info.context, action, given, work)
    return DonePayload(user_errors=[done] if isinstance(done, UserError) else [])


async def _renewing(
    info: strawberry.Info, action: str, given: object, work: Callable[[], Awaitable[SessionSecret]]
) -> SessionPayload:
    services: Services = services_of(info.context)
    done = await guarded(info.context, action, given, work)
    if isinstance(done, UserError):
        return SessionPayload(user_errors=[done])
    services.cookies[SESSION_COOKIE] = done.secret
    return SessionPayload(csrf_token=done.csrf_token)
