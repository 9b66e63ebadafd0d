"""What may differ between two installations without a viewer being told: candidates for every value, taken where the oracles say that the viewer's sight stays the same. It asks the product nothing."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import asyncpg

from isomod_graphql.assets.models import Asset
from isomod_graphql.core.crypto import keyed_hash
from isomod_graphql.core.errors import KeyDestroyed
from isomod_graphql.core.flags import ERASED, consent_bit, restriction_bits
from isomod_graphql.core.store import Store
from isomod_graphql.identity.models import GrantRow, Team, User
from isomod_graphql.locations.models import Location
from isomod_graphql.subjects.models import Person
from isomod_graphql.work_orders.models import WorkOrder, WorkOrderHistory, WorkOrderSignature
from permissions.categories import PERSONAL, Category
from permissions.decisions import may
from permissions.grants import Action
from permissions.purposes import Purpose
from tests.engine.asking import Caller
from tests.engine.known import FIELDS, PERSONAL_SETS, Model
from tests.engine.oracle import Oracle
from tests.engine.oracle_access import access_of

KNOWS_RESTRICTION: Final = frozenset(Action) - {
    *(Action.VIEWER_READ, Action.POLICY_READ, Action.SIGN_IN, Action.SESSION_MANAGE, Action.CONSENT_DECIDE),
    *(Action.TOKEN_CREATE, Action.TOKEN_REVOKE, Action.USER_READ, Action.LOCATION_READ, Action.ASSET_READ),
    *(Action.WORK_ORDER_READ, Action.AUDIT_READ, Action.EXPLAIN_PLAN, Action.CLIENT_READ),
}
"""Whoever holds one of these is told PROCESSING_RESTRICTED by a change that names the person: the policy grants that."""
SEALED_TEXTS: Final[Mapping[str, Sequence[str | None]]] = {
    "name": (None, "Qbert Kx", "Quentin Aurelius Maximilian van den Kerckhove-Kuppens", "Qy"),
    "email": (
        None,
        "q@b.example",
        "a-rather-long-address.of.somebody@another-domain.example",
        "{first}q@c.example",
    ),
    "phone": (None, "+32 2 555 00 {last}", "+1 202 555 01{last}", "112"),
}
TEXTS: Final = (
    None,
    "Short.",
    "A considerably longer text than the one that stood here before it was written anew. " * 3,
)
PLAIN: Final[Mapping[Model, Mapping[str, Sequence[Any]]]] = {
    Asset: {
        "name": ("Boiler", "Aa"), "name_key": ("boiler", "aa"), "serial_number": ("S-1",), "manufacturer": ("Acme",),
        "status": ("DOWN",), "criticality": ("HIGH", "CRITICAL"), "version": (9,),
    },
    WorkOrder: {"title": ("Other work",), "priority": ("URGENT",), "type": ("PREVENTIVE",), "version": (9,)},
    Location: {"name": ("Namur",), "name_key": ("namur",), "address": ("Elsewhere 7",), "version": (9,)},
    WorkOrderHistory: {"to_status": ("DRAFT",)},
    WorkOrderSignature: {"signed_at": (datetime(2026, 11, 9, 4, 5, 6, tzinfo=UTC),)},
    Team: {"name": ("Shift",)},
    Person: {"version": (9,), "erased_at": (datetime(2026, 10, 3, tzinfo=UTC),)},
    User: {"status": ("DEACTIVATED",), "version": (9,)},
    GrantRow: {"expires_at": (datetime(2027, 1, 1, tzinfo=UTC),)},
}  # fmt: skip
"""Columns that follow the row rule: they differ where the row is out of reach."""
LINKS: Final[Mapping[Model, Mapping[str, Model]]] = {
    WorkOrder: {"asset_id": Asset},
    Asset: {"parent_id": Asset, "custodian_id": Person},
}
SUBJECTS: Final[Mapping[Model, Sequence[str]]] = {
    Asset: ("created_by_id",), WorkOrder: ("created_by_id", "completed_by_id"), WorkOrderHistory: ("actor_id",),
    WorkOrderSignature: ("signer_id",), GrantRow: ("person_id",), Person: ("id",), User: ("id",),
}  # fmt: skip
Key = tuple[Model, UUID]
Changes = dict[Key, dict[str, Any]]


def altered(oracle: Oracle, changes: Changes) -> Oracle:
    """An oracle of the same tenant with these values in the place of the stored ones."""
    other = copy(oracle)
    other._rows = dict(oracle._rows)
    for key, values in changes.items():
        other._rows[key] = {**(other._rows[key] or {}), **values}
    other._orders = [other._rows.get((WorkOrder, row["id"])) or row for row in oracle._orders]
    return other


async def sight(oracle: Oracle, who: Caller, now: datetime, key: Key) -> Any:  # noqa: ANN401  compared only
    """Everything that the viewer is shown of one row, field by field; None where it is out of reach."""
    model, row = key
    of = await _type_of(oracle, model, row)
    if of is None or await oracle.reached(who.principal, now, FIELDS[of][0], row) is None:
        return None
    names = [*FIELDS[of][1], *(PERSONAL_SETS if model in {Person, User} else ())]
    return [(name, await oracle.seen(who.principal, now, of, row, name)) for name in names]


async def access(oracle: Oracle, who: Caller, now: datetime, key: Key) -> Any:  # noqa: ANN401  compared only
    """What the viewer is told of the same fields by `viewerAccess`."""
    of = await _type_of(oracle, *key)
    if of is None:
        return None
    names = [*FIELDS[of][1], *(PERSONAL_SETS if key[0] in {Person, User} else ())]
    return [await access_of(oracle, who.principal, now, of, key[1], name) for name in names]


async def _type_of(oracle: Oracle, model: Model, row: UUID) -> str | None:
    if model in {Person, User}:
        return "User" if await oracle.is_member(row) else "Contact"
    return next((of for of, (shown, _) in FIELDS.items() if shown is model), None)


@dataclass
class Differing:
    """The search for one viewer in one tenant."""

    oracle: Oracle
    who: Caller
    now: datetime
    keys: Sequence[Key]
    changes: Changes = field(default_factory=dict)
    before: dict[Key, Any] = field(default_factory=dict)
    access: dict[Key, Any] = field(default_factory=dict)
    tried: int = 0
    taken: int = 0

    async def search(self) -> Changes:
        """As many changes as the viewer is not told of."""
        for key in self.keys:
            self.before[key] = await sight(self.oracle, self.who, self.now, key)
        for key in self.keys:
            row = await self.oracle.row(*key)
            if row is None:
                continue
            for attribute, candidates in self._candidates(key, row):
                for candidate in self._turned(key, attribute, candidates):
                    if await self._take(key, row, attribute, candidate):
                        break
        after = altered(self.oracle, self.changes)
        told = [key for key in self.keys if await self._is_shown(after, key)]
        assert told == [], "what is taken together is told though no part of it is"
        return self.changes

    def _turned(self, key: Key, attribute: str, candidates: Sequence[Any]) -> Sequence[Any]:
        """By viewer and value another one comes first: here a value is missing, there it is long."""
        seed = sha256(f"{self.who.name} {key[0].__tablename__} {key[1]} {attribute}".encode()).digest()[0]
        at = seed % len(candidates)
        return [*candidates[at:], *candidates[:at]]

    def _candidates(self, key: Key, row: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Any]]]:
        model, _ = key
        yield from _personal(model, row, self.now)
        if model is Person and row["id"] != self.who.principal.person_id:
            for one in _flags(row["flags"], told=self.is_told):
                yield "flags", [one]
        if self.before[key] is None:
            yield from PLAIN.get(model, {}).items()
        else:
            for name, target in LINKS.get(model, {}).items():
                # Known: after a change, a row out of reach is looked up and nothing is not; SECURITY.md says so.
                away = [one for kind, one in self.keys if kind is target and self.before[kind, one] is None]
                others = [one for one in away if one != row["id"]]
                if others and row[name] is not None:
                    yield name, others

    @cached_property
    def is_told(self) -> bool:
        """The viewer may learn of restrictions by changes."""
        return any(may(self.who.principal, action, now=self.now) for action in KNOWS_RESTRICTION)

    async def _take(self, key: Key, row: Mapping[str, Any], attribute: str, candidate: Any) -> bool:  # noqa: ANN401
        taken = self.changes.get(key, {})
        if attribute == "flags":
            candidate = taken.get("flags", row["flags"]) ^ candidate
        if candidate == taken.get(attribute, row[attribute]):
            return False
        self.tried += 1
        proposed = {**self.changes, key: {**taken, attribute: candidate}}
        other = altered(self.oracle, proposed)
        for one in [one async for one in self._affected(key, attribute)]:
            if await self._is_shown(other, one) or (
                attribute == "flags" and await self._is_told_of(other, one)
            ):
                return False
        self.changes = proposed
        self.taken += 1
        return True

    async def _is_shown(self, other: Oracle, key: Key) -> bool:
        return bool(await sight(other, self.who, self.now, key) != self.before[key])

    async def _is_told_of(self, other: Oracle, key: Key) -> bool:
        if key not in self.access:
            self.access[key] = await access(self.oracle, self.who, self.now, key)
        return bool(await access(other, self.who, self.now, key) != self.access[key])

    async def _affected(self, key: Key, attribute: str) -> Any:  # noqa: ANN401  an iterator of keys
        if attribute != "flags":
            yield key
            return
        for other in self.keys:
            row = await self.oracle.row(*other)
            if row is not None and any(row[name] == key[1] for name in SUBJECTS.get(other[0], ())):
                yield other


def _personal(model: Model, row: Mapping[str, Any], now: datetime) -> Iterator[tuple[str, Sequence[Any]]]:
    """Other values for what the row says of a person."""
    for name in model.sealed_fields:
        yield name, [_filled(one, row[name]) for one in SEALED_TEXTS.get(name, TEXTS)]
    for column in model.__table__.columns:
        held = column.info.get("held")
        if held is not None and held.category is Category.NOTES:
            yield column.name, TEXTS
        if column.name == "last_seen_at":
            moment = row["last_seen_at"] or now
            yield column.name, [None, moment - timedelta(days=40, seconds=1), moment.replace(year=2024)]


def _filled(candidate: str | None, value: str | None) -> str | None:
    """With what a partial mask shows of the value."""
    if candidate is None:
        return None
    text = value or "q00"
    return candidate.replace("{first}", text[:1]).replace("{last}", text[-2:])


def _flags(flags: int, *, told: bool) -> Iterator[int]:
    """Bits to turn over: consents, restrictions and erasure, the last two where the viewer is not told of them by right."""
    yield from (consent_bit(one) for one in (Purpose.ANALYTICS, Purpose.NOTIFY, Purpose.SERVICE))
    if told or flags & ERASED:
        return
    yield restriction_bits(PERSONAL)
    yield from (restriction_bits([one]) for one in sorted(PERSONAL))
    yield ERASED


async def apply(store: Store, eye: asyncpg.Connection, oracle: Oracle, tenant: UUID, changes: Changes) -> int:
    """Writes the changes over the stored values, sealed ones under the keys of this installation; how many rows it were."""
    done = 0
    async with store.transaction(tenant, write=True) as tx:
        for at, ((model, row_id), values) in enumerate(changes.items()):
            row: Any = await oracle.row(model, row_id)
            plain = {name: value for name, value in values.items() if name not in model.sealed_fields}
            for column, pack in model.packs.items():
                if set(values).isdisjoint(pack.numbers):
                    continue
                inside = {name: values.get(name, row[name]) for name in pack.numbers}
                if row[column] is not None and all(row[name] is None for name in pack.numbers):
                    continue  # Its key is gone: what stands there is read by nobody.
                try:
                    sealed = await tx.seal(model, row_id, inside, {pack.subject: row[pack.subject]})
                except KeyDestroyed:
                    continue
                plain[column] = sealed.get(column)
            if "email" in values:
                email = f"{at}.{values['email']}" if values["email"] else None
                plain["email_index"] = keyed_hash(tx.keys.index, "email", email) if email else None
            sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(plain, 3))
            if sets:
                query = f"UPDATE {model.__tablename__} SET {sets} WHERE tenant_id = $1 AND id = $2"
                await eye.execute(query, tenant, row_id, *plain.values())
                done += 1
    return done
