"""The person a procedure is about: found through the caller's reach, locked, with the facts that decide. Refuses the unreachable."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select

from isomod_graphql.core.errors import NotFound
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.subjects.facts import is_erased, restricted_categories
from isomod_graphql.subjects.models import Person
from isomod_graphql.subjects.reach import PEOPLE_OF_SITES
from permissions.categories import Category
from permissions.grants import Action


@dataclass(frozen=True, slots=True)
class Subject:
    """A locked person row. `may_overrule`: the caller is the subject or oversees privacy, whom a restriction does not bind."""

    id: UUID
    version: int
    flags: int
    may_overrule: bool

    @property
    def erased(self) -> bool:
        """GDPR Article 17 was carried out."""
        return is_erased(self.flags)

    @property
    def restricted(self) -> frozenset[Category]:
        """Categories under GDPR Article 18."""
        return restricted_categories(self.flags)


async def load_subject(tx: Transaction, viewer: Viewer, subject_id: UUID, action: Action) -> Subject:
    """The person, locked until the transaction ends. Raises NotFound when the caller does not reach the person for this action."""
    own = viewer.vector.self_rights and subject_id == viewer.person_id
    reach = PEOPLE_OF_SITES.reachable(viewer, action)
    wanted = select(Person.version, Person.flags).where(
        Person.tenant_id == tx.tenant_id,
        Person.id == subject_id,
        or_(reach, Person.id == viewer.person_id) if own else reach,
    )
    row = await tx.first(wanted.with_for_update())
    if row is None:
        raise NotFound(field="subjectId")
    overrules = own or any(tier.oversees_privacy for tier in viewer.vector.tiers)
    return Subject(subject_id, row.version, row.flags, overrules)
