"""In-app notices: written by events, listed and marked by the person they are for. Refuses the erased, the restricted and anybody else."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from isomod_graphql.core.errors import BadInput
from isomod_graphql.core.events import Event, Within
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.notifications.models import Notice
from isomod_graphql.notifications.templates import language_of
from isomod_graphql.subjects.facts import is_erased, restricted_categories
from isomod_graphql.subjects.models import Person
from permissions.grants import Action
from permissions.purposes import PURPOSES, Purpose

MOST = 100

WORK_ORDER_ASSIGNED: Final = "work_order.assigned"
WORK_ORDER_COMPLETED: Final = "work_order.completed"

SENTENCES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        WORK_ORDER_ASSIGNED: {
            "nl": "Een werkorder is aan u toegewezen.",
            "fr": "Un ordre de travail vous a été attribué.",
            "de": "Ein Arbeitsauftrag wurde Ihnen zugewiesen.",
            "en": "A work order was assigned to you.",
        },
        WORK_ORDER_COMPLETED: {
            "nl": "Een werkorder die u gevraagd hebt, is voltooid.",
            "fr": "Un ordre de travail que vous avez demandé est terminé.",
            "de": "Ein Arbeitsauftrag, den Sie angefragt haben, ist abgeschlossen.",
            "en": "A work order that you asked for is completed.",
        },
    }
)
"""What a notice says, by kind and language; what it is about stands in its ids, shown as far as the reader may see it."""

Recipients = Callable[[Transaction, Mapping[str, UUID]], Awaitable[Collection[UUID]]]
"""The people whom an event concerns, read from the records as they are when the notice is written."""


@dataclass(frozen=True, slots=True)
class NoticeInfo:
    """A notice as its reader gets it."""

    id: UUID
    kind: str
    ids: Mapping[str, UUID]
    created_at: datetime
    read_at: datetime | None


def may_notify(flags: int) -> bool:
    """False for the erased, and while anything that the purpose NOTIFY touches is restricted (GDPR Articles 17, 18)."""
    return not is_erased(flags) and restricted_categories(flags).isdisjoint(PURPOSES[Purpose.NOTIFY])


def notice_consumer(kind: str, recipients: Recipients, *, name: str = "notice") -> Within:
    """Writes a notice of this kind to everybody whom `recipients` names and who may be notified."""

    async def write(tx: Transaction, event: Event) -> None:
        people = sorted(set(await recipients(tx, event.ids)) - {event.ids.get("actor_id")} - {None})
        await write_notices(tx, event, people)

    return Within(kind, name, write)


async def write_notices(tx: Transaction, event: Event, people: Sequence[UUID]) -> int:
    """Adds the notices of an event; a second time adds nothing, nor while the same one is unread. The number added."""
    ids = {name: str(value) for name, value in event.ids.items()}
    unread = select(Notice.id).where(
        Notice.tenant_id == Person.tenant_id,
        Notice.person_id == Person.id,
        Notice.kind == event.kind,
        Notice.ids == ids,
        Notice.read_at.is_(None),
    )
    wanted = select(Person.id, Person.flags).where(
        Person.tenant_id == tx.tenant_id, Person.id.in_(people), ~unread.exists()
    )
    # Locked until the commit: a restriction or an erasure comes wholly before the notice, or after it.
    rows = await tx.all(wanted.order_by(Person.id).with_for_update(read=True, of=Person))
    notices = [
        {
            "tenant_id": tx.tenant_id, "id": tx.new_id(), "person_id": row.id, "event_id": event.id,
            "kind": event.kind, "ids": ids,
            "created_at": tx.now, "updated_at": tx.now,
        }
        for row in rows
        if may_notify(row.flags)
    ]  # fmt: skip
    return await tx.run(insert(Notice).values(notices).on_conflict_do_nothing()) if notices else 0


async def list_notices(
    tx: Transaction,
    viewer: Viewer,
    *,
    first: int = 50,
    before: tuple[datetime, UUID] | None = None,
    unread: bool = False,
) -> list[NoticeInfo]:
    """The viewer's own notices, newest first, after the (created_at, id) of the last one seen. Raises BadInput."""
    viewer.require(Action.VIEWER_READ)
    if not 1 <= first <= MOST:
        raise BadInput(f"Between 1 and {MOST} notices can be read at once.", field="first")
    wanted = select(Notice.id, Notice.kind, Notice.ids, Notice.created_at, Notice.read_at).where(
        Notice.tenant_id == tx.tenant_id, Notice.person_id == viewer.person_id
    )
    if before is not None:
        wanted = wanted.where(tuple_(Notice.created_at, Notice.id) < before)
    if unread:
        wanted = wanted.where(Notice.read_at.is_(None))
    rows = await tx.all(wanted.order_by(Notice.created_at.desc(), Notice.id.desc()).limit(first))
    return [
        NoticeInfo(
            row.id,
            row.kind,
            {name: UUID(value) for name, value in row.ids.items()},
            row.created_at,
            row.read_at,
        )
        for row in rows
    ]


async def mark_read(tx: Transaction, viewer: Viewer, *, notice_ids: Sequence[UUID]) -> int:
    """Marks the viewer's own notices as read; ids of others are as if unknown. The number that was unread. Raises BadInput."""
    viewer.require(Action.VIEWER_READ)
    if len(notice_ids) > MOST:
        raise BadInput(f"At most {MOST} notices can be marked at once.", field="noticeIds")
    mine = (
        Notice.tenant_id == tx.tenant_id,
        Notice.person_id == viewer.person_id,
        Notice.id.in_(notice_ids),
        Notice.read_at.is_(None),
    )
    read = {"read_at": tx.now, "updated_at": tx.now, "version": Notice.version + 1}
    return await tx.run(update(Notice).where(*mine).values(read))


async def forget_notices(tx: Transaction, person_id: UUID) -> int:
    """Deletes every notice of a person, for an erasure."""
    return await tx.run(delete(Notice).where(Notice.tenant_id == tx.tenant_id, Notice.person_id == person_id))


def sentence(kind: str, locale: str | None) -> str:
    """What the notice says, in the reader's language. Raises KeyError for a kind without a sentence."""
    return SENTENCES[kind][language_of(locale)]
