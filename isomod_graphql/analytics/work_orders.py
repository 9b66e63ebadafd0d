"""By what work orders are told apart and what is measured of them. Every level is one that the row itself shows."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Text,
    and_,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal_column,
)

from isomod_graphql.analytics.periods import levels_of
from isomod_graphql.engine.statistics import AS_OF, Dimension, Level, Measure
from isomod_graphql.work_orders.models import WorkOrder
from isomod_graphql.work_orders.rules import WorkOrderStatus


class WorkOrderStage(StrEnum):
    """The statuses in three words."""

    OPEN = "OPEN"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class Timeliness(StrEnum):
    """Against the due date, on the calendar: holds do not stop this clock."""

    IN_TIME = "IN_TIME"
    LATE = "LATE"
    NO_DUE_DATE = "NO_DUE_DATE"


_S = WorkOrderStatus
STAGES: Final[Mapping[str, WorkOrderStage]] = MappingProxyType(
    {status.value: WorkOrderStage.OPEN for status in _S}
    | dict.fromkeys((_S.COMPLETED.value, _S.CLOSED.value), WorkOrderStage.COMPLETED)
    | {_S.CANCELLED.value: WorkOrderStage.CANCELLED}
)
"""By status."""

_ROW: Final = WorkOrder.__table__.c
_NOW: Final = bindparam(AS_OF, type_=DateTime(timezone=True))
_IS_DONE: Final = _ROW.status.in_(
    [status for status, stage in STAGES.items() if stage is WorkOrderStage.COMPLETED]
)
_ENDED: Final = case((_IS_DONE, func.coalesce(_ROW.completed_at, _NOW)), else_=_NOW)


def _word(word: str) -> ColumnElement[str]:
    return literal_column(f"'{word}'", Text())


TIMELINESS: Final[ColumnElement[Any]] = case(
    (_ROW.due_at.is_(None), _word(Timeliness.NO_DUE_DATE)),
    (_ROW.due_at < _ENDED, _word(Timeliness.LATE)),
    else_=_word(Timeliness.IN_TIME),
)


def _minutes(begin: ColumnElement[Any]) -> ColumnElement[Any]:
    """Whole minutes of a completed order, from `begin` to its completion."""
    seconds = extract("epoch", _ROW.completed_at - begin)
    return case((and_(_IS_DONE, _ROW.completed_at >= begin), cast(func.floor(seconds / 60), BigInteger)))


STATUS, PRIORITY, TYPE, TIMELY, SITE, CREATED, COMPLETED, DUE, ASSIGNEE, REQUESTER = range(10)
DIMENSIONS: Final = (
    Dimension(
        (
            Level("stage", _ROW.status, read=STAGES.__getitem__),
            Level("status", _ROW.status, STAGES.__getitem__),
        )
    ),
    Dimension((Level("priority", _ROW.priority),)),
    Dimension((Level("type", _ROW.type),)),
    Dimension((Level("timeliness", TIMELINESS),)),
    Dimension((Level("site", _ROW.site_id),)),
    Dimension(levels_of(_ROW.created_at, "created_in")),
    Dimension(levels_of(_ROW.completed_at, "completed_in")),
    Dimension(levels_of(_ROW.due_at, "due_in")),
    Dimension((Level("assignee", _ROW.assignee_id),), people=True),
    Dimension((Level("requester", _ROW.requester_id),), people=True),
)
MEASURES: Final = (
    Measure("minutes_to_complete", _minutes(_ROW.created_at)),
    Measure("minutes_worked", _minutes(_ROW.started_at)),
)
