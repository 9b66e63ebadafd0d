"""An organisation in which every tie between people and work occurs, and every personal value can be recognised wherever it turns up."""

from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update

from isomod_graphql.assets.models import Asset
from isomod_graphql.audit.models import AccessDay
from isomod_graphql.core.columns import Base
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.search import put_words
from isomod_graphql.core.shredding import destroy_keys, write_intent
from isomod_graphql.core.store import Store, Transaction
from isomod_graphql.identity.models import GrantRow, PartnerClient, Team, TeamMember, User
from isomod_graphql.locations.models import Location
from isomod_graphql.subjects.facts import ERASED, consent_bit, restriction_bits
from isomod_graphql.subjects.models import Person
from isomod_graphql.subjects.service import create_person, person_email_index
from isomod_graphql.work_orders.models import (
    WorkOrder,
    WorkOrderAssignee,
    WorkOrderHistory,
    WorkOrderSignature,
)
from permissions.categories import PERSONAL, Category, Keep
from permissions.purposes import Purpose
from tests.people import add_organisation

_MARKS = count(1)
EVERYTHING = restriction_bits(PERSONAL)

PEOPLE: Mapping[str, tuple[str, str | None, bool, int]] = {
    # kind, site, membership, flags
    "technician": ("TECHNICIAN", None, True, 0),
    "mate": ("TECHNICIAN", "gent", True, 0),
    "requester": ("REQUESTER", None, True, 0),
    "past_requester": ("REQUESTER", "gent", True, 0),
    "boss": ("COLLEAGUE", "gent", True, consent_bit(Purpose.NOTIFY)),
    "southerner": ("COLLEAGUE", "liege", True, consent_bit(Purpose.SERVICE) | consent_bit(Purpose.ANALYTICS)),
    "bystander": ("COLLEAGUE", None, True, 0),
    "nameless": ("COLLEAGUE", "gent", True, 0),
    "contact": ("CONTACT", None, False, consent_bit(Purpose.NOTIFY)),
    "southern_contact": ("CONTACT", "liege", False, 0),
    "restricted": ("COLLEAGUE", "gent", True, EVERYTHING),
    "half_restricted": (
        "TECHNICIAN",
        None,
        True,
        restriction_bits([Category.CONTACT, Category.NOTES]) | consent_bit(Purpose.NOTIFY),
    ),
    "restricted_contact": ("CONTACT", "gent", False, restriction_bits([Category.IDENTITY])),
    "erased": ("TECHNICIAN", "gent", True, ERASED),
    "shredded": ("COLLEAGUE", None, True, ERASED | EVERYTHING),
}
"""The erased one still has its ciphertext and its key; the shredded one has lost the key, as at the end of an erasure."""

ORDERS: Mapping[str, dict[str, Any]] = {
    "open": {
        "site": "gent", "status": "OPEN", "assignee": "technician", "requester": "requester", "created_by": "requester",
        "crew": ("technician", "mate", "half_restricted", "erased"), "asset": "pump",
    },
    "closed": {
        "site": "gent", "status": "CLOSED", "assignee": "technician", "requester": "past_requester", "created_by": "boss",
        "completed_by": "technician", "crew": ("technician",), "asset": "pump",
    },
    "draft": {"site": "liege", "status": "DRAFT", "requester": "southern_contact", "created_by": "southerner"},
    "running": {
        "site": "liege", "status": "IN_PROGRESS", "assignee": "restricted", "requester": "requester",
        "created_by": "half_restricted", "crew": ("restricted",), "asset": "valve",
    },
    "done": {
        "site": "gent", "status": "COMPLETED", "assignee": "mate", "requester": "shredded", "created_by": "shredded",
        "completed_by": "erased", "crew": ("mate", "restricted"),
    },
    "plain": {"site": "liege", "status": "OPEN", "assignee": "mate", "requester": "contact", "crew": ("mate",)},
    "held": {
        "site": "gent", "status": "ON_HOLD", "assignee": "technician", "requester": "restricted_contact",
        "created_by": "technician", "completed_by": None, "crew": ("technician",),
    },
}  # fmt: skip

COORDINATES: Mapping[str, dict[str, float]] = {"gent": {"latitude": 51.054342, "longitude": -3.717424}}

ASSETS: Mapping[str, tuple[str, str | None, str | None, str | None]] = {
    # site, parent, custodian, created by
    "pump": ("gent", None, "technician", "boss"),
    "seal": ("gent", "pump", "restricted", "half_restricted"),
    "valve": ("liege", None, "southerner", "shredded"),
    "spare": ("liege", None, None, None),
}

HISTORY = (
    ("open", "requester"),
    ("open", "technician"),
    ("closed", "half_restricted"),
    ("done", "shredded"),
    ("plain", None),
)
SIGNATURES = (
    # The names stay readable under the key of evidence, whatever became of the person.
    ("closed", "technician", "PERFORMED"),
    ("closed", "boss", "APPROVED"),
    ("closed", "restricted", "REVIEWED"),
    ("done", "mate", "PERFORMED"),
    ("done", "erased", "PERFORMED"),
    ("done", "shredded", "APPROVED"),
    ("done", "half_restricted", "REVIEWED"),
)
ACCESSES = (
    # subject, viewer, kind, purpose, day of November, bits of categories
    *((one, "boss", "PERSON", "SERVICE", 1, 1) for one in ("technician", "mate", "bystander", "contact", "requester")),
    ("technician", "bystander", "PERSON", "SERVICE", 1, 3), ("technician", "requester", "PERSON", "SERVICE", 2, 1),
    ("bystander", "technician", "PERSON", "COMPLIANCE", 1, 256), ("bystander", "boss", "AS {technician}", "SERVICE", 3, 1),
    ("bystander", "partner", "CLIENT", "NOTIFY", 2, 2), ("boss", "erased", "PERSON", "SERVICE", 2, 129),
    ("half_restricted", "boss", "PERSON", "SERVICE", 2, 2), ("restricted", "boss", "PERSON", "SERVICE", 2, 1),
    ("erased", "technician", "PERSON", "SERVICE", 1, 1), ("shredded", "partner", "CLIENT", "SERVICE", 1, 1),
    ("southerner", "restricted", "PERSON", "SERVICE", 3, 4), ("past_requester", "boss", "SUPPORT", "SECURITY", 3, 32),
)  # fmt: skip
TEAMS: Mapping[str, tuple[str, ...]] = {
    "day": ("technician", "mate", "half_restricted", "erased"),
    "night": ("bystander", "boss", "contact", "restricted", "technician"),
    "empty": (),
}
GRANTS = (
    ("technician", "TECHNICIAN", None, None), ("technician", "AUDITOR", None, 20), ("requester", "REQUESTER", None, None),
    ("boss", "MANAGER", "gent", None), ("southerner", "MANAGER", "liege", None), ("restricted", "VIEWER", None, None),
    ("erased", "TECHNICIAN", None, None), ("bystander", "VIEWER", "gent", None),
)  # fmt: skip


@dataclass(frozen=True)
class Canary:
    """A text that stands in one value only."""

    text: str
    model: type[Base]
    row: UUID
    attribute: str


@dataclass
class Realm:
    """One tenant; rows by name, per table."""

    tenant: UUID
    ids: dict[str, UUID] = field(default_factory=dict)
    canaries: list[Canary] = field(default_factory=list)

    def __getitem__(self, name: str) -> UUID:
        return self.ids[name]

    def person(self, name: str | None) -> UUID | None:
        return None if name is None else self.ids[name]

    def mark(self, model: type[Base], row: UUID, attribute: str, text: str | None = None) -> str:
        """A new recognisable text for this value."""
        made = text or recognisable()
        self.canaries.append(Canary(made, model, row, attribute))
        return made


def recognisable() -> str:
    """Twenty letters and digits of which each half stands nowhere else."""
    return b32encode(sha256(b"%d" % next(_MARKS)).digest()).decode("ascii")[:20].lower()


async def build_realm(store: Store) -> Realm:
    """A new tenant with everything in it."""
    realm = Realm(new_id(store.clock.now()))
    await store.keystore.create_tenant(realm.tenant)
    await add_organisation(store, realm.tenant)
    async with store.transaction(realm.tenant, write=True) as tx:
        for name in ("gent", "liege"):
            await _location(tx, realm, name, None)
        await _location(tx, realm, "hall", "gent")
    for name in PEOPLE:
        async with store.transaction(realm.tenant, write=True) as tx:
            await _person(tx, realm, name)
    async with store.transaction(realm.tenant, write=True) as tx:
        for name in ASSETS:
            await _asset(tx, realm, name)
        for number, name in enumerate(ORDERS, 1):
            await _order(tx, realm, name, number)
        for sequence, (order, actor) in enumerate(HISTORY, 1):
            await _change(tx, realm, order, actor, sequence)
        for name, members in TEAMS.items():
            await _team(tx, realm, name, members)
        for order, signer, meaning in SIGNATURES:
            await _signature(tx, realm, order, signer, meaning)
        for at, (person, role, site, days) in enumerate(GRANTS):
            ends = tx.now + timedelta(days=days) if days else None
            row = {
                "person_id": realm[person],
                "role": role,
                "site_id": realm.person(site),
                "expires_at": ends,
            }
            await _add(tx, realm, GrantRow, f"grant {at}", row)
        program = {
            "id": realm.tenant,
            "public_key": f"c-{realm.tenant.hex}",
            "name": "Partner works",
            "scopes": [],
            "caveats": {},
        }
        program |= {"purpose": "SERVICE", "expires_at": tx.now + timedelta(days=30)}
        await _add(tx, realm, PartnerClient, "partner", program)
        for at, given in enumerate(ACCESSES):
            await _access_day(tx, realm, at, *given)
    await _shred(store, realm, realm["shredded"])
    return realm


async def _add(tx: Transaction, realm: Realm, model: type[Base], name: str, row: dict[str, Any]) -> UUID:
    made = row.pop("id", None) or tx.new_id()
    realm.ids[name] = made
    await tx.run(
        insert(model).values(tenant_id=tx.tenant_id, id=made, created_at=tx.now, updated_at=tx.now, **row)
    )
    await put_words(tx, model, [row | {"id": made}])
    return made


async def _location(tx: Transaction, realm: Realm, name: str, parent: str | None) -> None:
    made = tx.new_id()
    row = {
        "id": made, "site_id": realm[parent] if parent else made, "parent_id": realm[parent] if parent else None,
        "depth": 1 if parent else 0, "name": name.title(), "name_key": name, "address": f"{name} 1",
        "time_zone": "Europe/Brussels", **COORDINATES.get(name, {}),
    }  # fmt: skip
    await _add(tx, realm, Location, name, row)


async def _person(tx: Transaction, realm: Realm, name: str) -> None:
    kind, site, member, flags = PEOPLE[name]
    made = await create_person(tx, kind=kind, values={}, site_id=realm.person(site))
    realm.ids[name] = made
    values = {} if name == "nameless" else _values(realm, made)
    packs = await tx.seal(Person, made, values, {"id": made})
    await tx.run(
        update(Person)
        .where(Person.tenant_id == tx.tenant_id, Person.id == made)
        .values(flags=flags, **packs, **_index(tx, values.get("email")))
    )
    if member:
        number = next(_MARKS)
        seen = datetime(
            2026, 9, 1 + number % 28, number % 24, number % 60, 59, (number % 999) * 1000 + 1, tzinfo=UTC
        )
        realm.mark(User, made, "last_seen_at", seen.strftime("%Y-%m-%dT%H:%M:%S."))
        row = {"id": made, "status": "INVITED", "access_since": tx.now, "last_seen_at": seen}
        await _add(tx, realm, User, name, row)


def _index(tx: Transaction, email: str | None) -> dict[str, bytes]:
    return {} if email is None else {"email_index": person_email_index(tx, email)}


def _values(realm: Realm, person: UUID) -> dict[str, str]:
    def mark(attribute: str, text: str | None = None) -> str:
        return realm.mark(Person, person, attribute, text)

    name, address, email = mark("name"), mark("address"), mark("email")
    return {
        "name": f"Quirin{name} Kappel{name}",
        "job_title": f"Fitter {mark('job_title')}",
        "email": f"{email}@{email}.example",
        "phone": "+32" + mark("phone", f"4{int(recognisable(), 36) % 10**8:08d}"),
        "address": f"{address} street 1",
        "locale": f"nl-{mark('locale')}",
    }


async def _asset(tx: Transaction, realm: Realm, name: str) -> None:
    site, parent, custodian, author = ASSETS[name]
    made = tx.new_id()
    row = {
        "id": made, "parent_id": realm.person(parent), "location_id": realm[site], "site_id": realm[site], "name": name.title(),
        "name_key": name, "tag": f"T-{name}", "status": "OPERATIONAL", "criticality": "LOW",
        "custodian_id": realm.person(custodian), "created_by_id": realm.person(author),
        "description": f"Made by {realm.mark(Asset, made, 'description')}.",
    }  # fmt: skip
    await _add(tx, realm, Asset, name, row)


async def _order(tx: Transaction, realm: Realm, name: str, number: int) -> None:
    given = ORDERS[name]
    made, site, status = tx.new_id(), realm[given["site"]], given["status"]
    over, begun = (
        status in {"CLOSED", "COMPLETED"},
        status in {"CLOSED", "COMPLETED", "IN_PROGRESS", "ON_HOLD"},
    )
    row = {
        "id": made, "number": number, "title": f"Order {number}", "status": status, "priority": "NONE", "type": "CORRECTIVE",
        "location_id": site, "site_id": site, "asset_id": realm.person(given.get("asset")),
        "assignee_id": realm.person(given.get("assignee")), "requester_id": realm.person(given.get("requester")),
        "created_by_id": realm.person(given.get("created_by")), "completed_by_id": realm.person(given.get("completed_by")),
        "description": f"Ask {realm.mark(WorkOrder, made, 'description')}.", "started_at": tx.now if begun else None,
        "completed_at": tx.now if over else None, "first_completed_at": tx.now if over else None,
        "outcome": "RESOLVED" if over else None, "due_at": tx.now + timedelta(days=number) if number % 2 else None,
        "resolution": f"Told {realm.mark(WorkOrder, made, 'resolution')}." if over or name == "held" else None,
    }  # fmt: skip
    await _add(tx, realm, WorkOrder, f"order {name}", row)
    for person in given.get("crew", ()):
        link = {"tenant_id": tx.tenant_id, "work_order_id": made, "person_id": realm[person]}
        await tx.run(insert(WorkOrderAssignee).values(link))


async def _change(tx: Transaction, realm: Realm, order: str, actor: str | None, sequence: int) -> None:
    made = tx.new_id()
    row = {
        "id": made, "work_order_id": realm[f"order {order}"], "sequence": sequence, "at": tx.now, "to_status": "OPEN",
        "actor_id": realm.person(actor), "reason": f"Because {realm.mark(WorkOrderHistory, made, 'reason')}.",
    }  # fmt: skip
    await _add(tx, realm, WorkOrderHistory, f"change {sequence}", row)


async def _team(tx: Transaction, realm: Realm, name: str, members: tuple[str, ...]) -> None:
    made = await _add(tx, realm, Team, f"team {name}", {"name": name.title(), "name_key": name})
    for person in members:
        link = {"tenant_id": tx.tenant_id, "team_id": made, "person_id": realm[person]}
        await tx.run(insert(TeamMember).values(link))


async def _access_day(tx: Transaction, realm: Realm, number: int, subject: str, viewer: str, kind: str, purpose: str, day: int, bits: int) -> None:  # fmt: skip
    realm.ids[f"access {number}"] = made = tx.new_id()
    row = {
        "tenant_id": tx.tenant_id, "id": made, "subject_id": realm[subject], "viewer_id": realm[viewer],
        "viewer_kind": kind.format_map(realm.ids), "purpose": purpose, "day": date(2026, 11, day), "categories": bits,
        "count": number + 1,
    }  # fmt: skip
    await tx.run(insert(AccessDay).values(row))


async def _signature(tx: Transaction, realm: Realm, order: str, signer: str, meaning: str) -> None:
    made = tx.new_id()
    names = {
        "signer_name": f"Quirin{realm.mark(WorkOrderSignature, made, 'signer_name')} Kappel",
        "signer_title": f"Fitter {realm.mark(WorkOrderSignature, made, 'signer_title')}",
    }
    row = {
        "id": made, "work_order_id": realm[f"order {order}"], "signer_id": realm[signer], "meaning": meaning,
        "signed_at": tx.now, "completed_at": tx.now,
        **await tx.seal(WorkOrderSignature, made, names, {"signer_id": realm[signer]}),
    }  # fmt: skip
    await _add(tx, realm, WorkOrderSignature, f"{meaning} {order} {signer}", row)


async def _shred(store: Store, realm: Realm, person: UUID) -> None:
    """Destroys the keys and leaves the ciphertext where it is: nothing but the missing key protects it."""
    now = store.clock.now()
    intent = await write_intent(
        store.keystore, now, tenant_id=realm.tenant, subject_id=person, ground="OBJECTION", actor_id=person
    )
    await destroy_keys(store.keystore, now, intent, frozenset({Keep.ACCOUNT, Keep.OPERATIONAL}))
