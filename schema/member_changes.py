"""Memberships, roles and bearer tokens. Nobody grants what he or she does not hold, and nobody grants to him- or herself."""

from datetime import datetime
from uuid import UUID

import strawberry

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.classified import NEEDS, tells, writes
from isomod_graphql.engine.field_access import changes
from isomod_graphql.identity import memberships, roles, tokens
from isomod_graphql.identity.roles import GivenRole
from isomod_graphql.locations.place import require_places
from permissions.categories import Category
from permissions.grants import Action
from permissions.principals import Role, Scope
from permissions.reach import Resource
from schema.entities import LOCATION, PERSON
from schema.inputs import CATEGORIES, RowIds, caveats_given
from schema.outcomes import UserError, attempt, outcome
from schema.people import User
from schema.scalars import EmailAddress

strawberry.enum(
    Scope,
    name="TokenScope",
    description="What a bearer token may be used for; never more than its owner may.",
)


@writes(Action.ROLE_ASSIGN, {Category.OPERATIONAL: "role site_id expires_at"})
@strawberry.input(description="A role to give.")
class GivenRoleInput:
    """On one site, or without one on every site."""

    role: Role
    site_id: strawberry.ID | None = None
    expires_at: datetime | None = None


@writes(
    Action.USER_INVITE,
    {
        Category.CONTACT: "email",
        Category.IDENTITY: "name job_title locale",
        Category.OPERATIONAL: "roles site_id",
    },
    on=Resource.PERSON,
    also={Action.ROLE_ASSIGN: "roles"},
)
@strawberry.input(description="Whom to invite.")
class InviteUserInput:
    """A letter with a one-use token goes to the address."""

    email: EmailAddress
    name: str
    roles: list[GivenRoleInput]
    job_title: str | None = None
    locale: str | None = None
    site_id: strawberry.ID | None = None


@writes(None, {Category.OPERATIONAL: "person_id expected_version"}, on=Resource.PERSON, row="person_id")
@strawberry.input(description="A person with a membership.")
class MemberInput:
    """By id."""

    person_id: strawberry.ID
    expected_version: int | None = None


@changes(PERSON, role="roles")
@writes(
    Action.ROLE_ASSIGN,
    {Category.OPERATIONAL: "person_id role site_id expires_at"},
    on=Resource.PERSON,
    row="person_id",
)
@strawberry.input(description="A role to give to a person or to take away.")
class MemberRoleInput:
    """The end counts when a role is given only."""

    person_id: strawberry.ID
    role: Role
    site_id: strawberry.ID | None = None
    expires_at: datetime | None = None


@writes(Action.TOKEN_CREATE, {Category.OPERATIONAL: "label scopes expires_at site_ids networks categories"})
@strawberry.input(description="A bearer token for oneself.")
class CreateTokenInput:
    """At most a year; sites, networks (CIDR) and categories of personal data narrow it further."""

    label: str
    scopes: list[Scope]
    expires_at: datetime
    site_ids: list[strawberry.ID] | None = None
    networks: list[str] = strawberry.field(default_factory=list)
    categories: list[Category] | None = strawberry.field(default=None, description=CATEGORIES)


@writes(Action.TOKEN_REVOKE, {Category.OPERATIONAL: "token_id"})
@strawberry.input(description="Which token to revoke.")
class RevokeTokenInput:
    """An id from `apiTokens`."""

    token_id: str


@tells({Category.OPERATIONAL: "user user_errors"})
@strawberry.type(description="The person as the caller may see it, or why not.")
class UserPayload:
    """Loaded after the change."""

    user: User | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@tells({Category.CREDENTIAL: "secret", Category.OPERATIONAL: "user_errors"})
@strawberry.type(description="A new token. The secret is shown this once.")
class TokenPayload:
    """`iso_live_` + 30 characters + checksum."""

    secret: str | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@tells({Category.OPERATIONAL: "user_errors"})
@strawberry.type(description="Done, or why not.")
class MembershipPayload:
    """For what has no row to show."""

    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class MemberChanges:
    """Mutations of memberships, roles and tokens."""

    @strawberry.mutation(description="Invites somebody by e-mail.")
    async def invite_user(self, info: strawberry.Info, input: InviteUserInput) -> UserPayload | None:
        """Needs the right to invite and to give each of the roles."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            given = [_given(info, one.role, one.site_id, one.expires_at) for one in input.roles]
            site = _site(info, input.site_id)
            return await memberships.invite_user(
                tx,
                request.viewer,
                email=input.email,
                name=input.name,
                roles=given,
                job_title=input.job_title,
                locale=input.locale,
                site_id=site,
            )

        return _user(await outcome(request, "USER_INVITE", input, PERSON, work))

    @strawberry.mutation(
        metadata={NEEDS: Action.USER_INVITE},
        description="Sends another letter to somebody who was invited and has not come yet.",
    )
    async def invite_user_again(self, info: strawberry.Info, input: MemberInput) -> UserPayload | None:
        """The older letter's token is dead."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            person = _person(info, input.person_id)
            await memberships.invite_again(
                tx, request.viewer, person_id=person, expected_version=input.expected_version
            )
            return person

        return _user(await outcome(request, "USER_INVITE", input, PERSON, work))

    @strawberry.mutation(
        metadata={NEEDS: Action.USER_DEACTIVATE},
        description="Ends a membership's access at once, sessions and tokens included.",
    )
    async def deactivate_user(self, info: strawberry.Info, input: MemberInput) -> UserPayload | None:
        """The last administrator stays."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            person = _person(info, input.person_id)
            await memberships.deactivate_user(
                tx, request.viewer, person_id=person, expected_version=input.expected_version
            )
            return person

        return _user(await outcome(request, "USER_DEACTIVATE", input, PERSON, work))

    @strawberry.mutation(
        metadata={NEEDS: Action.USER_DEACTIVATE},
        description="Gives access back, with the roles of before; who gives it back may give each of them.",
    )
    async def reactivate_user(self, info: strawberry.Info, input: MemberInput) -> UserPayload | None:
        """Sessions and tokens of before stay dead."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            person = _person(info, input.person_id)
            await memberships.reactivate_user(
                tx, request.viewer, person_id=person, expected_version=input.expected_version
            )
            return person

        return _user(await outcome(request, "USER_DEACTIVATE", input, PERSON, work))

    @strawberry.mutation(
        metadata={NEEDS: Action.SESSION_MANAGE},
        description="The caller leaves the organisation; the account and other memberships stay.",
    )
    async def leave_organisation(self, info: strawberry.Info) -> MembershipPayload | None:
        """The last administrator hands over first."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            await memberships.leave_tenant(tx, request.viewer)
            return request.viewer.actor_id

        return _plain(await attempt(request, "LEAVE", None, work))

    @strawberry.mutation(description="Gives a person a role.")
    async def assign_role(self, info: strawberry.Info, input: MemberRoleInput) -> UserPayload | None:
        """Never to oneself, never more than one holds; some roles need an end."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            person = _person(info, input.person_id)
            given = _given(info, input.role, input.site_id, input.expires_at)
            await roles.assign_role(tx, request.viewer, person_id=person, given=given)
            return person

        return _user(await outcome(request, "ROLE_ASSIGN", input, PERSON, work))

    @strawberry.mutation(description="Takes a role away.")
    async def remove_role(self, info: strawberry.Info, input: MemberRoleInput) -> UserPayload | None:
        """The last administrator stays one."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            person = _person(info, input.person_id)
            site = _site(info, input.site_id)
            await roles.remove_role(tx, request.viewer, person_id=person, role=input.role, site_id=site)
            return person

        return _user(await outcome(request, "ROLE_ASSIGN", input, PERSON, work))

    @strawberry.mutation(
        metadata={NEEDS: Action.ROLE_ASSIGN},
        description="Another member becomes the administrator in the caller's place.",
    )
    async def hand_over_administration(self, info: strawberry.Info, input: MemberInput) -> UserPayload | None:
        """For the last administrator who wants to leave."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            person = _person(info, input.person_id)
            await roles.hand_over_admin(
                tx, request.viewer, person_id=person, expected_version=input.expected_version
            )
            return person

        return _user(await outcome(request, "ROLE_ASSIGN", input, PERSON, work))

    @strawberry.mutation(description="Makes a bearer token for oneself; never wider than one's own rights.")
    async def create_token(self, info: strawberry.Info, input: CreateTokenInput) -> TokenPayload | None:
        """Needs a fresh proof of identity (`stepUp`)."""
        request = info.context
        issued: list[str] = []

        async def work(tx: Transaction) -> UUID:
            caveats = caveats_given(request, input.site_ids, input.networks, input.categories)
            await require_places(tx, request.viewer, caveats.sites or (), field="siteIds")
            token = await tokens.create_token(
                tx,
                request.viewer,
                label=input.label,
                scopes=frozenset(input.scopes),
                expires_at=input.expires_at,
                caveats=caveats,
            )
            issued.append(token.secret)
            return token.id

        done = await attempt(request, "TOKEN_CREATE", input, work)
        return (
            TokenPayload(user_errors=[done])
            if isinstance(done, UserError)
            else TokenPayload(secret=issued[0])
        )

    @strawberry.mutation(description="Ends a token at once.")
    async def revoke_token(self, info: strawberry.Info, input: RevokeTokenInput) -> MembershipPayload | None:
        """One's own, or any for an administrator."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            token = TOKEN_IDS.open(request, input.token_id)
            await tokens.revoke_token(tx, request.viewer, token_id=token)
            return token

        return _plain(await attempt(request, "TOKEN_REVOKE", input, work))


TOKEN_IDS = RowIds(200)


def _person(info: strawberry.Info, text: str) -> UUID:
    person: UUID = info.context.row_id(text, PERSON)
    return person


def _given(info: strawberry.Info, role: Role, site: str | None, expires_at: datetime | None) -> GivenRole:
    return GivenRole(role, _site(info, site), expires_at)


def _site(info: strawberry.Info, text: str | None) -> UUID | None:
    """None is every site; an empty text is not None."""
    return None if text is None else info.context.row_id(text, LOCATION)


def _user(done: tuple[object, list[UserError]]) -> UserPayload:
    user, errors = done
    return UserPayload(user=user, user_errors=errors)  # type: ignore[arg-type]  # a view stands in for its graph type


def _plain(done: UUID | UserError) -> MembershipPayload:
    return MembershipPayload(user_errors=[done] if isinstance(done, UserError) else [])
