"""Which people a viewer reaches through sites, and whether a person may be put to use. Refuses the erased and the restricted."""

from uuid import UUID

from sqlalchemy import select

from isomod_graphql.core.errors import NotFound, ProcessingRestricted
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.reach import RowScope
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.subjects.facts import is_erased, restricted_categories
from isomod_graphql.subjects.models import Person
from permissions.categories import Category
from permissions.grants import Action
from permissions.reach import Resource

PEOPLE_OF_SITES = RowScope(
    Resource.PERSON, Person, site=Person.site_id, siteless=True, own=lambda person: Person.id == person
)
"""Without the ties that work makes between people; the room of work orders adds those."""


async def reached_flags(
    tx: Transaction,
    viewer: Viewer,
    person_id: UUID,
    *,
    action: Action,
    field: str,
    scope: RowScope = PEOPLE_OF_SITES,
) -> int:
    """What is said of the person, locked until the end of the transaction, so that a new record may name the person.

    Raises NotFound for the unreachable. The erased and the restricted are left to `require_usable`: what is asked between
    the two answers alike for both.
    """
    wanted = select(Person.flags).where(
        Person.tenant_id == tx.tenant_id, Person.id == person_id, scope.reachable(viewer, action)
    )
    row = await tx.first(wanted.with_for_update(read=True, of=Person))
    if row is None:
        raise NotFound(field=field)
    flags: int = row.flags
    return flags


def require_usable(flags: int, *, field: str, told: bool = False) -> None:
    """GDPR Article 18: the identity of the restricted may be stored, not used.

    Raises NotFound for the erased; for the restricted ProcessingRestricted where the viewer may be told, NotFound otherwise.
    """
    if is_erased(flags):
        raise NotFound(field=field)
    if Category.IDENTITY in restricted_categories(flags):
        raise ProcessingRestricted(field=field) if told else NotFound(field=field)
