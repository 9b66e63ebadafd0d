"""People as the graph shows them: the Person interface, users with a membership and contacts without. Every personal field is nullable and masked."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import strawberry

from isomod_graphql.engine.entities import (
    Shown,
    computed,
    generalised,
    graph_type,
    link,
    listed,
    personal,
    pseudonymous,
    shows,
)
from isomod_graphql.engine.sources import SOURCES, Children
from isomod_graphql.identity.models import GrantRow
from isomod_graphql.identity.models import User as Membership
from isomod_graphql.subjects.facts import is_erased, pseudonym, restricted_categories
from permissions import masks
from permissions.categories import Category
from permissions.disclosure import Form, Level
from permissions.principals import Role
from schema.entities import LOCATION, PERSON, ROLE
from schema.relay import Node
from schema.teams import TEAMS_OF_PERSON, Team

if TYPE_CHECKING:
    from schema.locations import Location


def display_name(shown: Shown) -> str:
    """Never null: the raw name, its masked form, or the pseudonym ("Technician #7")."""
    values = shown.values
    stable = pseudonym(values["kind"], values["pseudonym_number"])
    if shown.level is Level.HIDDEN or shown.form is Form.PSEUDONYM:
        return stable
    name: str | None = values["name"]
    if shown.level is Level.FULL:
        return stable if name is None else name
    return masks.initials(name)  # The same for somebody without a name: a mask does not tell what is missing.


def is_restricted(shown: Shown) -> bool | None:
    """None for everybody but the subject and the privacy officer, and for them when the credential does not reach so far."""
    flags: int = shown.values["flags"]
    told = shown.concerns_viewer and shown.level is Level.FULL and not is_erased(flags)
    return bool(restricted_categories(flags)) if told else None


def version_told(shown: Shown) -> int | None:
    """A restriction, a correction and a consent each count: nobody learns of one by counting."""
    version: int | None = shown.values["version"] if shown.level is Level.FULL else None
    return version


@graph_type(
    PERSON,
    default=Category.OPERATIONAL,
    interface=True,
    description="Anybody the organisation knows, with or without a login.",
)
class Person(Node):
    """The data subject."""

    display_name: str = computed(
        Category.IDENTITY,
        needs=("name", "kind", "pseudonym_number"),
        compute=display_name,
        mask=masks.INITIALS,
        hidden=masks.PSEUDONYM,
        description="Never null: the name, its masked form, or a stable pseudonym.",
    )
    pseudonym: strawberry.ID = pseudonymous(
        description=(
            "Sixteen signs that stand for this person in this organisation and for the caller's purpose, and cannot be tied "
            "to those of another. It is no global id."
        )
    )
    name: str | None = personal(Category.IDENTITY, mask=masks.INITIALS)
    email: str | None = personal(Category.CONTACT, mask=masks.PARTIAL_EMAIL)
    phone: str | None = personal(Category.CONTACT, mask=masks.PARTIAL_PHONE)
    job_title: str | None = personal(Category.IDENTITY)
    address: str | None = personal(Category.CONTACT)
    locale: str | None = personal(Category.IDENTITY, description="The preferred language, as a BCP 47 tag.")

    @listed(
        Category.IDENTITY,
        metadata={SOURCES: TEAMS_OF_PERSON},
        description="The teams that the person is in; null where it is not shown.",
    )
    async def teams(self: Any, info: strawberry.Info) -> list[Team] | None:
        """In the order of their ids."""
        return await TEAMS_OF_PERSON.views(info.context, self)

    restricted: bool | None = computed(
        Category.AUDIT,
        needs=("flags",),
        compute=is_restricted,
        description="Whether processing is restricted (GDPR Article 18); told to the person and the privacy officer only.",
    )
    version: int | None = computed(
        Category.AUDIT,
        needs=("version",),
        compute=version_told,
        description="Counts the changes of the record; told to the person and to those who may correct it.",
    )


class MembershipStatus(StrEnum):
    """What a membership can be; see the account life cycle."""

    INVITED = "INVITED"
    ACTIVE = "ACTIVE"
    DEACTIVATED = "DEACTIVATED"
    LEFT = "LEFT"


strawberry.enum(MembershipStatus, description="Whether the person can sign in here.")
strawberry.enum(Role, description="What a person or client is granted.")


@graph_type(ROLE, default=Category.OPERATIONAL, description="A role held on one site, or on every site.")
class RoleAssignment(Node):
    """One grant."""

    role: Role
    expires_at: datetime | None
    site: Annotated["Location", strawberry.lazy("schema.locations")] | None = link(
        lambda: LOCATION, by="site_id"
    )


ROLES: Final = Children(lambda: ROLE, GrantRow.__table__.c.person_id)


@graph_type(
    PERSON, default=Category.OPERATIONAL, description="A person who can sign in, could, or is invited to."
)
class User(Person):
    """A person with a membership."""

    status: MembershipStatus = shows(Category.OPERATIONAL, column=Membership.__table__.c.status)
    last_seen_at: datetime | None = personal(
        Category.DEVICE,
        column=Membership.__table__.c.last_seen_at,
        description="When a credential was used last: a sign-in at once, a session or token that goes on to a minute or two.",
    )
    last_seen_year: int | None = generalised(
        Category.DEVICE,
        mask=masks.YEAR,
        column=Membership.__table__.c.last_seen_at,
        description="The year (UTC) of `lastSeenAt`, where no more of it is shown.",
    )

    @listed(metadata={SOURCES: ROLES}, description="What the person is granted.")
    async def roles(self: Any, info: strawberry.Info) -> list[RoleAssignment]:
        """Oldest first."""
        return await ROLES.views(info.context, self)


@graph_type(PERSON, default=Category.OPERATIONAL, description="A person without a membership.")
class Contact(Person):
    """Known to the organisation, with no way to sign in."""
