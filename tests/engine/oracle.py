"""A third opinion on what a viewer sees: one SELECT per object as the owner, decide() and a mask per value. It refuses to know of plans, loaders and projectors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import Table

from isomod_graphql.assets.models import Asset
from isomod_graphql.core.crypto import Place, key_id_of, open_pack
from isomod_graphql.core.flags import consented_purposes, is_erased, restricted_categories
from isomod_graphql.core.store import Store
from isomod_graphql.identity.models import Team, User
from isomod_graphql.subjects.models import Person
from isomod_graphql.work_orders.models import WorkOrder
from permissions import masks
from permissions.categories import PERSONAL, PERSONAL_ORDER, Category, Keep
from permissions.decisions import Decision, Facts, decide, may
from permissions.disclosure import Form, Level, Relation
from permissions.grants import Action
from permissions.masks import NULL, PSEUDONYM, Mask, pseudonym_key, pseudonym_of
from permissions.principals import Principal
from permissions.reach import Reach
from permissions.vectors import Sites, Vector, site_slots, vector_of
from tests.engine.known import AUTHOR, FIELDS, PARENT, PERSONAL_SETS, RESOURCE, Field, Model, Row

__all__ = ["FIELDS", "Model", "Oracle", "Row", "Seen"]

OPEN: Final = frozenset({"OPEN", "SCHEDULED", "IN_PROGRESS", "ON_HOLD"})
SOUGHT: Final = frozenset({"User", "Contact", "Team", "RoleAssignment"})
FORMS: Final[Mapping[Form, Mask]] = {Form.PSEUDONYM: PSEUDONYM}
TOLD: Final[Mapping[str, Callable[[Any], Any]]] = {
    "day": lambda day: day.isoformat(),
    "categories": lambda mask: sorted(one for at, one in enumerate(PERSONAL_ORDER) if mask & 1 << at),
    "recipient": lambda kind: {"CLIENT": "PROGRAM", "SUPPORT": "VENDOR"}.get(kind, "ORGANISATION"),
}
"""Values that stand in the answer in another spelling."""


@dataclass(frozen=True)
class Seen:
    """What one cell of the answer must hold, and the mask and reason that must be listed for it."""

    value: Any
    withheld: tuple[str, str] | None = None
    raw: bool = False
    """The viewer sees the stored value itself."""


class Oracle:
    """Knows one tenant."""

    def __init__(self, eye: asyncpg.Connection, store: Store, tenant: UUID) -> None:
        """`eye` sees every row of every tenant."""
        self._eye, self._store, self._tenant = eye, store, tenant
        self._rows: dict[tuple[Model, UUID], Row | None] = {}
        self._orders: list[Row] = []
        self._crews: dict[UUID, set[UUID]] = {}
        self._teams: dict[UUID, set[UUID]] = {}

    async def prepare(self) -> "Oracle":
        """Reads who is on which order and in which team; the ties between people come from nothing else."""
        self._orders = await self._eye.fetch("SELECT * FROM work_orders WHERE tenant_id = $1", self._tenant)
        query = "SELECT work_order_id, person_id FROM work_order_assignees WHERE tenant_id = $1"
        for link in await self._eye.fetch(query, self._tenant):
            self._crews.setdefault(link["work_order_id"], set()).add(link["person_id"])
        query = "SELECT team_id, person_id FROM team_members WHERE tenant_id = $1"
        for link in await self._eye.fetch(query, self._tenant):
            self._teams.setdefault(link["person_id"], set()).add(link["team_id"])
        return self

    async def row(self, model: Model, row_id: UUID | None) -> Row | None:
        """The stored row with its sealed values opened."""
        if row_id is None:
            return None
        key = (model, row_id)
        if key not in self._rows:
            query = f"SELECT * FROM {model.__tablename__} WHERE tenant_id = $1 AND id = $2"
            found = await self._eye.fetchrow(query, self._tenant, row_id)
            self._rows[key] = None if found is None else {**found, **await self._opened(model, found)}
        return self._rows[key]

    async def is_member(self, person: UUID) -> bool:
        """Whether the person is a User, not a Contact."""
        return await self.row(User, person) is not None

    async def _opened(self, model: Model, row: Row) -> dict[str, Any]:
        values: dict[str, Any] = dict.fromkeys(model.sealed_fields)
        for column, pack in model.packs.items():
            if row[column] is None:
                continue
            keys = await self._store.keystore.opened_keys(self._tenant, [key_id_of(row[column])])
            for key in keys.values():
                place = Place(self._tenant, model.__tablename__, row["id"], column)
                inside = open_pack(key.cipher, place, row[column])
                values.update((name, inside.get(str(number))) for name, number in pack.numbers.items())
        return values

    async def reached(
        self, principal: Principal, now: datetime, model: Model, row_id: UUID
    ) -> frozenset[int] | None:
        """The slots that admit the row; None when the viewer does not reach it at all."""
        row, top = await self.row(model, row_id), model
        while row is not None and top in PARENT:
            column, above = PARENT[top]
            row, top = await self.row(above, row[column]), above
        if row is None or principal.tenant_id != self._tenant:
            return None
        bound = principal.caveats.sites
        if bound is not None and top is not Team and row["site_id"] not in bound:
            return None
        vector, slots = _powers(principal, now)
        admitted = frozenset(
            tier.slot
            for tier in vector.tiers
            if self._admits(tier.reach(RESOURCE[model]), slots[tier.slot], top, row, principal.person_id)
        )
        own = top is Person and RESOURCE[model] in vector.held and row["id"] == principal.person_id
        return admitted if admitted or own else None

    async def found(
        self, principal: Principal, now: datetime, type_name: str, row_id: UUID
    ) -> frozenset[int] | None:
        """As `reached`, for whoever asks by an id: people, teams and roles are looked up by who may read users, and by themselves."""
        sought = type_name in SOUGHT and row_id != principal.person_id
        if sought and not may(principal, Action.USER_READ, now=now):
            return None
        return await self.reached(principal, now, FIELDS[type_name][0], row_id)

    def _admits(self, reach: Reach, sites: Sites, model: Model, row: Row, me: UUID | None) -> bool:
        if reach is Reach.ALL:
            return True
        if reach >= Reach.OWN and me is not None and self._owns(model, row, me):
            return True
        if reach >= Reach.ASSIGNED and me is not None and self._works_on(model, row, me):
            return True
        in_no_site = model is Person and row["site_id"] is None
        return reach >= Reach.SITES and (sites is None or row["site_id"] in sites or in_no_site)

    def _owns(self, model: Model, row: Row, me: UUID) -> bool:
        names = {Person: ("id",), Asset: ("custodian_id",), WorkOrder: ("requester_id", "created_by_id")}
        return any(row[name] == me for name in names.get(model, ()))

    def _works_on(self, model: Model, row: Row, me: UUID) -> bool:
        if model is WorkOrder:
            return me in self._crews.get(row["id"], ())
        return model is Person and any(self._shares(order, row["id"], me) for order in self._orders)

    def _shares(self, order: Row, other: UUID, me: UUID) -> bool:
        crew = self._crews.get(order["id"], set())
        return (order["requester_id"] == me and other in crew) or self._alongside(order, other, me)

    def _alongside(self, order: Row, other: UUID, me: UUID) -> bool:
        crew = self._crews.get(order["id"], set())
        return me in crew and (other in crew or other == order["requester_id"])

    def ties(self, principal: Principal, model: Model, row: Row) -> frozenset[Relation]:
        """What ties the viewer to this row, whatever field is asked."""
        me, found = principal.person_id, set()
        if me is None:
            return frozenset()
        if model is WorkOrder and me in (row["requester_id"], row["created_by_id"]):
            found.add(Relation.OWN)
        if model in AUTHOR and row[AUTHOR[model]] == me:
            found.add(Relation.OWN)
        if model is Person:
            found |= {tie for order in self._orders for tie in self._work_ties(order, row["id"], me)}
            if self._teams.get(me, set()) & self._teams.get(row["id"], set()):
                found.add(Relation.SAME_TEAM)
            if row["id"] == me:
                found.add(Relation.SELF)
        return frozenset(found)

    def _work_ties(self, order: Row, other: UUID, me: UUID) -> set[Relation]:
        is_open = order["status"] in OPEN
        found = {Relation.SAME_OPEN_ORDER} if is_open and self._alongside(order, other, me) else set()
        if order["requester_id"] == me and other in self._crews.get(order["id"], ()):
            found |= {Relation.ASSIGNED_TO_MINE, *([Relation.ASSIGNED_TO_MINE_OPEN] if is_open else [])}
        return found

    async def seen(
        self, principal: Principal, now: datetime, type_name: str, row_id: UUID, name: str
    ) -> Seen | None:
        """The cell of this field of this row; None when the row is not reached. A link's value is the row's id or None."""
        model, fields = FIELDS[type_name]
        admitted = await self.reached(principal, now, model, row_id)
        if admitted is None:
            return None
        field, row = {**fields, **PERSONAL_SETS}[name], await self.row(model, row_id)
        assert row is not None
        vector, _ = _powers(principal, now)
        source = model if field.model is None else field.model
        raw = (await self.row(source, row[field.by]) or {}).get(field.attribute)
        if name in PERSONAL_SETS:
            teams = sorted(self._teams.get(row_id, ()))
            raw = [one for one in teams if await self.reached(principal, now, Team, one) is not None]
        if name == "viewedAs":
            raw = UUID(raw.removeprefix("AS ")) if raw and raw.startswith("AS ") else None
        category, subject, keep = _class_of(source, field, name)
        relations = self.ties(principal, model, row)
        person = row if model is Person else await self.row(Person, row[subject]) if subject else None
        mine = person is not None and person["id"] == principal.person_id
        if model is not Person:
            relations = relations | {Relation.SELF} if mine and subject else relations - {Relation.SELF}
        flags = person["flags"] if person is not None else 0
        # What is kept under nobody's key is the record of the work: it outlives its author, and the author's restriction.
        gone = is_erased(flags) and (keep is not None or model is Person)
        restricted = frozenset() if is_erased(flags) and not gone else restricted_categories(flags)
        decision = decide(
            vector,
            category,
            Facts(admitted, relations, restricted, gone, keep is Keep.EVIDENCE, consented_purposes(flags)),
        )
        if field.to is not None:
            reached = raw is not None and await self.reached(principal, now, field.to, raw) is not None
            whole = decision.level is Level.FULL
            hidden = None if whole or category not in PERSONAL else (NULL.name, str(decision.reason))
            return Seen(raw if reached and whole else None, hidden)
        oversees = any(tier.oversees_privacy and tier.slot in admitted for tier in vector.tiers)
        told = oversees or (mine and principal.viewed_by is None)
        code = await self._code(principal, None if person is None else person["id"])
        if name == "pseudonym":
            return Seen(code)
        if name == "area":
            return Seen(None if raw is None else masks.area_text((raw, row["longitude"])))
        if field.sibling and decision.level is not Level.HIDDEN:
            return Seen(field.mask.apply(raw))
        return _shown(field, name, raw, row, decision, code, concerned=told)

    async def _code(self, principal: Principal, person: UUID | None) -> str | None:
        keys = await self._store.keystore.tenant(self._tenant)
        key = pseudonym_key(keys.pseudonyms, principal.purpose.value)
        return None if person is None else pseudonym_of(key, person.bytes)


@lru_cache(512)
def _powers(principal: Principal, now: datetime) -> tuple[Vector, tuple[Sites, ...]]:
    return vector_of(principal, now), site_slots(principal, now)


def _class_of(model: Model, field: Field, name: str) -> tuple[Category, str | None, Keep | None]:
    """The category, the column with the subject, and of a sealed value how long it is kept."""
    if model is Person and name in {"restricted", "version"}:
        return Category.AUDIT, "id", None
    if name in PERSONAL_SETS:
        return Category.IDENTITY, "id", None
    if field.attribute in model.sealed_fields:
        sealed = model.sealed_fields[field.attribute]
        return sealed.category, sealed.subject, sealed.keep
    table: Table = model.__table__  # type: ignore[assignment]  # a mapped class always has a Table here
    held = table.c[field.attribute].info["held"]
    return held.category, held.subject, None


def _shown(
    field: Field, name: str, raw: Any, row: Row, decision: Decision, code: str | None, *, concerned: bool  # noqa: ANN401
) -> Seen:  # fmt: skip
    if decision.level is Level.FULL:
        if name in TOLD:
            return Seen(TOLD[name](raw), raw=True)
        if name == "restricted":
            return Seen(bool(restricted_categories(raw)) if concerned and not is_erased(raw) else None)
        return Seen(_pseudonym(row) if name == "displayName" and raw is None else _wire(raw), raw=True)
    mask = FORMS.get(decision.form, NULL) if decision.form and field.mask is not NULL else field.mask
    mask = mask if decision.level is Level.MASKED else NULL
    withheld = (PSEUDONYM.name if name == "displayName" and mask is NULL else mask.name, str(decision.reason))
    if name == "displayName":
        return Seen(mask.apply(raw) if mask is masks.INITIALS else _pseudonym(row), withheld)
    if mask is PSEUDONYM:
        return Seen(mask.apply(code), withheld)
    return Seen(mask.apply(raw) if mask.output == "string" else None, withheld)


def _pseudonym(row: Row) -> str:
    return f"{row['kind'].capitalize()} #{row['pseudonym_number']}"


def _wire(value: Any) -> Any:  # noqa: ANN401  a stored value
    if isinstance(value, datetime):
        text = value.astimezone(UTC).isoformat()
        return text.replace("+00:00", "Z")
    return value
