"""People as the graph shows them: the Person interface, users with a membership and contacts without. Every personal field is nullable and masked."""

from datetime import datetime
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import strawberry
from sqlalchemy import and_, select

from isomod_graphql.core.crypto import keyed_hash
from isomod_graphql.core.errors import Unauthenticated
from isomod_graphql.core.flags import ERASED
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.text import fold
from isomod_graphql.engine.catalogue import reveals
from isomod_graphql.engine.entities import Shown, computed, graph_type, link, listed, personal, shows
from isomod_graphql.engine.pages import Asked, Sort, page_of
from isomod_graphql.engine.request import Request
from isomod_graphql.identity.models import GrantRow
from isomod_graphql.identity.models import User as Membership
from isomod_graphql.subjects.facts import is_erased, pseudonym, restricted_categories, restriction_bits
from isomod_graphql.subjects.models import Person as Row
from permissions import masks
from permissions.categories import Category
from permissions.disclosure import Form, Level
from permissions.principals import Role
from permissions.reach import Resource
from schema.entities import LOCATION, PERSON, ROLE
from schema.lists import Where, listed_page
from schema.relay import Node
from schema.scalars import EmailAddress

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
    name: str | None = personal(Category.IDENTITY, mask=masks.INITIALS)
    email: str | None = personal(Category.CONTACT, mask=masks.PARTIAL_EMAIL)
    phone: str | None = personal(Category.CONTACT, mask=masks.PARTIAL_PHONE)
    job_title: str | None = personal(Category.IDENTITY)
    address: str | None = personal(Category.CONTACT)
    locale: str | None = personal(Category.IDENTITY, description="The preferred language, as a BCP 47 tag.")
    restricted: bool | None = computed(
        Category.AUDIT,
        needs=("flags",),
        compute=is_restricted,
        description="Whether processing is restricted (GDPR Article 18); told to the person and the privacy officer only.",
    )
    version: int


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


@graph_type(
    PERSON, default=Category.OPERATIONAL, description="A person who can sign in, could, or is invited to."
)
class User(Person):
    """A person with a membership."""

    status: MembershipStatus = shows(Category.OPERATIONAL, column=Membership.__table__.c.status)
    last_seen_at: datetime | None = personal(
        Category.DEVICE,
        column=Membership.__table__.c.last_seen_at,
        description="When a credential was used last.",
    )

    @listed(description="What the person is granted.")
    async def roles(self: Any, info: strawberry.Info) -> list[RoleAssignment]:
        """Oldest first."""
        found: list[RoleAssignment] = await info.context.children(ROLE, GrantRow.__table__.c.person_id, self)
        return found


@graph_type(PERSON, default=Category.OPERATIONAL, description="A person without a membership.")
class Contact(Person):
    """Known to the organisation, with no way to sign in."""


@reveals(Resource.PERSON, Category.OPERATIONAL, NAME_ASC=Category.IDENTITY, NAME_DESC=Category.IDENTITY)
@strawberry.enum(description="How people are sorted. NAME needs the right to read every name.")
class UserOrder(Enum):
    """PSEUDONYM sorts by what everybody may know: the kind of person and its number."""

    PSEUDONYM_ASC = "PSEUDONYM_ASC"
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"


@reveals(Resource.PERSON, Category.OPERATIONAL, email=Category.CONTACT, name_prefix=Category.IDENTITY)
@strawberry.input(
    description="Every field that is given must hold. `email` and `namePrefix` need the right to read every one of them."
)
class UserFilter:
    """Which people."""

    email: EmailAddress | None = None
    name_prefix: str | None = None
    status: list[MembershipStatus] | None = None
    site_id: strawberry.ID | None = None


SORTS: Final = {"PSEUDONYM_ASC": Sort(Row.__table__.c.pseudonym_number)}
HIDDEN: Final = {
    category: restriction_bits([category]) | ERASED for category in (Category.CONTACT, Category.IDENTITY)
}
"""Whoever is restricted or erased takes no part in a comparison."""


async def users_of(
    info: strawberry.Info,
    coordinate: str,
    first: int,
    after: str | None,
    given: UserFilter | None,
    order_by: UserOrder,
) -> Any:  # noqa: ANN401  a page
    """A page of people with a membership. Names are compared in memory: they are not stored in the clear."""
    request: Request = info.context
    where = Where(request)
    where.predicates.append(Membership.id.is_not(None))
    prefix = fold(given.name_prefix) if given is not None and given.name_prefix else None
    if given is not None:
        if given.email is not None:
            where.equal("email", Row.email_index, _email_index(request, given.email))
            where.predicates.append(Row.flags.op("&")(HIDDEN[Category.CONTACT]) == 0)
        where.one_of("status", Membership.status, given.status)
        where.reference("siteId", Row.site_id, given.site_id, LOCATION)
    if order_by is UserOrder.PSEUDONYM_ASC and prefix is None:
        return await listed_page(
            request, PERSON, coordinate, where, first=first, after=after, order=order_by, sorts=SORTS
        )
    shape = {**where.shape, "order": order_by.name, "namePrefix": prefix}
    asked = Asked(coordinate, first, after, tuple(where.predicates), SORTS["PSEUDONYM_ASC"], shape)
    ordered = await _by_name(request, where, prefix, descending=order_by is UserOrder.NAME_DESC)
    return await page_of(request, PERSON, asked, ordered)


def _email_index(request: Request, address: str) -> bytes:
    if request.keys is None:
        raise Unauthenticated
    return keyed_hash(request.keys.index, "email", address)


async def _by_name(request: Request, where: Where, prefix: str | None, *, descending: bool) -> list[UUID]:
    """The tenant's directory, sorted by folded name; people without a readable name come last, and match no prefix."""
    table, members = Row.__table__, Membership.__table__
    source = table.join(members, and_(members.c.tenant_id == table.c.tenant_id, members.c.id == table.c.id))
    reach = request.level(PERSON).reachable()
    wanted = select(table.c.id, table.c.flags, table.c.sealed_account).select_from(source)
    wanted = wanted.where(table.c.tenant_id == request.viewer.tenant_id, reach, *where.predicates).order_by(
        table.c.id
    )

    async def read(tx: Transaction) -> list[tuple[str | None, UUID]]:
        rows = [row._mapping for row in await tx.all(wanted)]  # noqa: SLF001  SQLAlchemy's public name
        names = await tx.open_rows(Row, rows, ["name"])
        hidden = HIDDEN[Category.IDENTITY]
        return [
            (fold(opened["name"]) if opened["name"] and not row["flags"] & hidden else None, row["id"])
            for row, opened in zip(rows, names, strict=True)
        ]

    people = await request.reading(read)
    if prefix is not None:
        people = [(name, person) for name, person in people if name is not None and name.startswith(prefix)]
    named = sorted(((name, person) for name, person in people if name is not None), reverse=descending)
    return [person for _, person in named] + [person for name, person in people if name is None]
