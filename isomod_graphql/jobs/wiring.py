"""The one place that says who consumes which event and what recurs. Refuses nothing; it only puts together."""

from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select

from isomod_graphql.audit import folds
from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.events import Event, Outside
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store, Transaction
from isomod_graphql.identity import sweeping
from isomod_graphql.identity.email_changes import spread_email
from isomod_graphql.identity.letters import LETTERS
from isomod_graphql.identity.memberships import seclude
from isomod_graphql.jobs.consumers import Consumers
from isomod_graphql.jobs.housekeeping import DeleteSettledEvents, delete_expired_keys, ensure_months
from isomod_graphql.jobs.schedule import Duty, Entry, Schedule
from isomod_graphql.jobs.sweeping import sweep_orphan_keys
from isomod_graphql.jobs.timing import Daily, Every, Timing
from isomod_graphql.notifications.handlers import Post, account_consumers, letter_to_person, mail_consumer
from isomod_graphql.notifications.mail import mail_transport
from isomod_graphql.notifications.notices import WORK_ORDER_ASSIGNED, WORK_ORDER_COMPLETED, notice_consumer
from isomod_graphql.notifications.templates import MailKind
from isomod_graphql.privacy import erasure
from isomod_graphql.work_orders.assignees import people_on
from isomod_graphql.work_orders.models import WorkOrder

log: Any = structlog.get_logger("isomod.jobs")


def product_consumers(post: Post) -> Consumers:
    """Every consumer of the product."""
    return Consumers(
        [
            *account_consumers(LETTERS, post),
            mail_consumer("identity.membership_ended", MailKind.ACCOUNT_DEACTIVATED, letter_to_person, post),
            mail_consumer("person.restriction_lifted", MailKind.RESTRICTION_LIFTED, letter_to_person, post),
            Outside("identity.email_changed", "spread", _spread_email),
            notice_consumer(WORK_ORDER_ASSIGNED, _team),
            notice_consumer(WORK_ORDER_COMPLETED, _requester),
        ]
    )


def heard_kinds(settings: Settings) -> list[str]:
    """The kinds of events that somebody listens to."""
    return product_consumers(Post(mail_transport(settings, SystemClock()), settings.public_url)).kinds


def product_duties(consumers: Consumers) -> Mapping[str, Duty]:
    """Every duty of the schedule by name."""
    return {
        "resume_erasures": _resume_erasures,
        "sweep_sign_ins": _sweep_sign_ins,
        "delete_expired_keys": delete_expired_keys,
        "delete_settled_events": DeleteSettledEvents(frozenset(consumers.kinds)),
        "ensure_months": ensure_months,
        "sweep_orphan_keys": sweep_orphan_keys,
        "fold_access": folds.fold_access,
        "recount_access": folds.recount_access,
        "end_access": folds.end_access,
    }


def product_schedule(duties: Mapping[str, Duty]) -> Schedule:
    """When each duty is done. All of them look at everything that is due, so the latest missed instant is enough."""
    timings: dict[str, Timing] = {
        "resume_erasures": Every(timedelta(minutes=5)),
        "sweep_sign_ins": Every(timedelta(hours=1), timedelta(minutes=7)),
        "delete_expired_keys": Every(timedelta(hours=1), timedelta(minutes=13)),
        "ensure_months": Daily(time(1, 30)),
        "delete_settled_events": Daily(time(3, 20)),
        "sweep_orphan_keys": Daily(time(3, 50)),
        "fold_access": Every(timedelta(seconds=25)),
        "recount_access": Daily(time(2, 20)),
        "end_access": Daily(time(2, 40)),
    }
    return Schedule(Entry(name, timing, duties[name], each=False) for name, timing in timings.items())


async def _spread_email(store: Store, event: Event) -> None:
    await spread_email(store, event.ids["account_id"])


async def _resume_erasures(store: Store, _due: datetime) -> None:
    resumed = await erasure.resume(store, seclude)
    log.info("erasures.resumed", erasures=len(resumed))


async def _sweep_sign_ins(store: Store, _due: datetime) -> None:
    log.info("sign_ins.swept", **await sweeping.sweep(store))


async def _team(tx: Transaction, ids: Mapping[str, UUID]) -> Collection[UUID]:
    return await people_on(tx, ids["work_order_id"])


async def _requester(tx: Transaction, ids: Mapping[str, UUID]) -> Collection[UUID]:
    wanted = select(WorkOrder.requester_id, WorkOrder.completed_by_id).where(
        WorkOrder.tenant_id == tx.tenant_id, WorkOrder.id == ids["work_order_id"]
    )
    row = await tx.first(wanted)
    if row is None or row.requester_id is None or row.requester_id == row.completed_by_id:
        return ()
    return (row.requester_id,)
