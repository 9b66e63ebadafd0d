"""The gate in front of every change: who may act, and who may write each field that was said. Refuses before anything stored is compared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam
from strawberry.utils.str_converters import to_camel_case

from isomod_graphql.core.errors import MaskedValueRejected, ProcessingRestricted
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.classified import WriteRule, rule_of
from isomod_graphql.engine.entities import Entity, FieldSpec
from isomod_graphql.engine.readers import Reader, binds_of
from isomod_graphql.engine.rows import RowQuery, is_viewer
from isomod_graphql.engine.viewer import ActionForbidden, Viewer
from permissions.categories import PERSONAL, Category
from permissions.decisions import DenialReason, Reason
from permissions.grants import Action
from permissions.masks import is_masked_text
from permissions.writing import AUTHORED, is_unread, may_add, may_overwrite

ROW: Final = "written_row"


@dataclass(frozen=True, slots=True)
class Said:
    """A field of an input that the caller gave a value."""

    name: str
    rule: WriteRule
    value: Any
    replaces: bool
    """The input names a row whose value this replaces."""

    @property
    def category(self) -> Category:
        """Of what it writes."""
        return self.rule.fields[self.name]


def said_in(given: object, *, replaces: bool = False) -> Iterator[Said]:
    """Every field with a value, also of inputs inside it; what stands at its default was not said."""
    rule = rule_of(type(given))
    if not isinstance(rule, WriteRule) or not is_dataclass(given):
        raise TypeError(f"{type(given).__name__} does not say what it writes")
    over = replaces or rule.row is not None
    for field in fields(given):
        value = getattr(given, field.name)
        if _is_said(field, value):
            yield Said(field.name, rule, value, over)
            for inner in value if isinstance(value, list) else (value,):
                if is_dataclass(inner):
                    yield from said_in(inner, replaces=over)


def require_writable(viewer: Viewer, said: Sequence[Said], action: Action) -> None:
    """Decided from what the caller holds alone. Raises a denial, with the input field that it is about."""
    for needed in dict.fromkeys((action, *(one.rule.action_of(one.name, action) for one in said))):
        if needed not in viewer.vector.self_actions:
            viewer.require(needed)
    for one in said:
        may = may_overwrite if one.replaces and one.category not in AUTHORED else may_add
        needed = one.rule.action_of(one.name, action)
        if one.category in PERSONAL and not may(viewer.vector, one.category, needed, one.rule.on):
            raise ActionForbidden(needed, DenialReason.FIELD, field=to_camel_case(one.name))


async def require_readable(
    tx: Transaction, viewer: Viewer, entity: Entity, row_id: UUID, said: Sequence[Said], action: Action
) -> None:
    """Of the row that is written over: what is replaced must be what the caller would be shown raw.

    A row that is not there, or not reached, is left to who looks for it. Raises a denial or ProcessingRestricted.
    """
    if is_unread(viewer.vector, action):
        return
    names = {one.name for one in said if one.replaces and one.category in PERSONAL}
    specs = {kind: _personal(known, names) for kind, known in entity.types.items()}
    if not any(specs.values()):
        return
    rows = RowQuery(entity, specs, Reader.of(viewer))
    wanted = rows.statement().where(entity.model.__table__.c.id == bindparam(ROW, type_=Uuid()))
    found = await tx.all(wanted, {**binds_of(viewer), ROW: row_id})
    if not found:
        return
    values: Mapping[str, Any] = found[0]._asdict()
    mine = {name: is_viewer(values[name], viewer.person_id) for name in rows.persons}
    layout = rows.layout(rows.type_name(values), {name: values[name] for name in rows.asked}, mine)
    for cell in layout.cells:
        if cell.withheld is not None and cell.withheld.reason == Reason.PRIVACY:
            if entity.subject is None:  # The procedures on a person say it themselves.
                raise ProcessingRestricted(field=to_camel_case(cell.spec.name))
        elif cell.withheld is not None:
            raise ActionForbidden(action, DenialReason.FIELD, field=to_camel_case(cell.spec.name))


def texts_in(name: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401  any input
    """Every text, wherever it stands, with the name of its field in the graph."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(name, item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts_in(str(key), item)
    elif is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            yield from texts_in(to_camel_case(part.name), getattr(value, part.name))


def refuse_masked(name: str, value: object) -> None:
    """Raises MaskedValueRejected for a mask anywhere in it: it would replace, or be compared with, what it hides."""
    for field, text in texts_in(name, value):
        if is_masked_text(text):
            raise MaskedValueRejected(field=field)


def _personal(known: dict[str, FieldSpec], names: set[str]) -> tuple[FieldSpec, ...]:
    return tuple(spec for name, spec in known.items() if name in names and spec.personal)


def _is_said(field: Field[Any], value: object) -> bool:
    """False for what the field holds when it is left out; a list that may be left out is said when it holds something."""
    if field.default_factory is not MISSING:
        return bool(value)
    return value is not field.default
