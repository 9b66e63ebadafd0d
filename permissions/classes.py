"""The Strawberry permission class that every field carries. It refuses a field that the running plan does not contain."""

from typing import Any, Protocol

from strawberry.permission import BasePermission

from permissions.categories import Category
from permissions.masks import NULL, Mask


class RunningPlan(Protocol):
    """What was decided for this operation, before it ran."""

    def covers(self, type_name: str, field_name: str) -> bool:
        """True when the coordinate was planned, that is, classified and decided."""
        ...


class Discloses(BasePermission):
    """The field shows data of one category, under one mask. Without a plan that contains the field nothing is shown."""

    message = "This field was not planned."
    error_extensions = {"code": "FORBIDDEN"}  # noqa: RUF012  the library declares it on the instance

    def __init__(self, category: Category, mask: Mask = NULL) -> None:
        """`mask` is what MASKED means here, unless the disclosure table names another form."""
        self.category = category
        self.mask = mask

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:  # noqa: ANN401, ARG002  Strawberry's signature
        """Synchronous on purpose: a coroutine per value would cost ten times the value."""
        raw = getattr(info, "_raw_info", info)
        plan: RunningPlan | None = getattr(raw.context, "plan", None)
        return plan is not None and plan.covers(raw.parent_type.name, raw.field_name)
