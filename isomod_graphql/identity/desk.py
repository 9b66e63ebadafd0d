"""What signing in works with: the store, the settings, the hasher of passwords. Made once per process; decides nothing."""

from dataclasses import dataclass
from uuid import UUID

from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.identity.passwords import Passwords
from permissions.principals import Principal


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts, handed in by whoever starts the process."""

    store: Store
    settings: Settings
    passwords: Passwords


def as_account(account_id: UUID) -> Principal:
    """An account acting on itself, for the trail of the platform tenant; it holds nothing."""
    return Principal(
        kind="PERSON",
        tenant_id=PLATFORM_TENANT,
        person_id=account_id,
        account_id=account_id,
        scopes=frozenset(),
    )
