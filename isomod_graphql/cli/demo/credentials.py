"""The credentials that demo.json hands out: a token per role, a partner's program. Issued by the product's own services; they refuse what a role lacks."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from isomod_graphql.cli.demo import benchmark
from isomod_graphql.cli.demo.companies import Company
from isomod_graphql.cli.demo.people import mailbox
from isomod_graphql.cli.demo.seeding import COMPANIES, PASSWORD
from isomod_graphql.core.store import Store, Transaction
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.principals import grants_of
from isomod_graphql.identity.tokens import create_token, put_token
from isomod_graphql.partners.credentials import put_secret
from isomod_graphql.partners.registration import NewClient, register_client
from isomod_graphql.subjects.service import person_with_email
from permissions.caveats import UNRESTRICTED
from permissions.grants import GRANTS, SCOPE_ACTIONS
from permissions.principals import Assurance, Principal, Role, Scope
from permissions.purposes import Purpose
from schema.entities import PERSON

FILE: Final = "demo.json"
LIVES: Final = timedelta(days=364)
ROLES: Final = (
    Role.ADMIN, Role.MANAGER, Role.TECHNICIAN, Role.REQUESTER, Role.VIEWER, Role.QUALITY_MANAGER, Role.AUDITOR,
    Role.PRIVACY_OFFICER,
)  # fmt: skip
PARTNER_SCOPES: Final = frozenset(
    {Scope.USERS_READ, Scope.LOCATIONS_READ, Scope.ASSETS_READ, Scope.ASSETS_WRITE, Scope.WORK_ORDERS_READ, Scope.WORK_ORDERS_WRITE}
)  # fmt: skip
"""Everything that a program may do, and no personal data: partners see pseudonyms until a `pii:` scope is granted."""
_PERSONAL = frozenset({Scope.PII_IDENTITY, Scope.PII_CONTACT, Scope.PII_TIME, Scope.PRIVACY_EXECUTE})


@dataclass(frozen=True, slots=True)
class Handout:
    """Whose credentials are handed out in one organisation: an address for each role, and the partner's name."""

    name: str
    addresses: Mapping[Role, str]
    partner: str


def handout_of(company: Company) -> Handout:
    """The first person of each role."""
    addresses: dict[Role, str] = {}
    for colleague in company.people:
        if colleague.role is not None:
            host = colleague.mail_host or company.mail_host
            addresses.setdefault(colleague.role, f"{mailbox(colleague.name)}@{host}")
    return Handout(company.name, addresses, company.partner)


HANDOUTS: Final = tuple(handout_of(company) for company in COMPANIES)
BENCH: Final = Handout(
    benchmark.NAME,
    {role: f"person{number}@example.com" for number, role in enumerate(benchmark.ROLES, 1)},
    "Bench partner",
)


def full_scopes(role: Role) -> frozenset[Scope]:
    """Every scope that opens something for this role, and those for personal data and for one's own rights."""
    always = frozenset.intersection(*SCOPE_ACTIONS.values())
    return _PERSONAL | {scope for scope, actions in SCOPE_ACTIONS.items() if actions & GRANTS[role] - always}


async def issue(store: Store, tenant_id: UUID, handout: Handout) -> dict[str, Any]:
    """One entry of `tenants` in demo.json, with new tokens."""
    async with store.transaction(tenant_id, write=True) as tx:
        users = {role.value.lower(): await _user(tx, handout.addresses[role], role) for role in ROLES}
        partner = await _partner(tx, handout)
    return {"name": handout.name, "users": users, "partner": partner}


async def _user(tx: Transaction, address: str, role: Role) -> dict[str, str]:
    viewer = await _in_person(tx, address)
    issued = await create_token(tx, viewer, label="Demo", scopes=full_scopes(role), expires_at=tx.now + LIVES)
    global_id = tx.keys.ids.seal(PERSON.code, viewer.actor_id)
    return {"id": global_id, "email": address, "password": PASSWORD, "token": issued.secret}


async def _partner(tx: Transaction, handout: Handout) -> dict[str, str]:
    admin = await _in_person(tx, handout.addresses[Role.ADMIN])
    ends = tx.now + LIVES
    given = NewClient(name=handout.partner, scopes=PARTNER_SCOPES, purpose=Purpose.SERVICE, expires_at=ends)
    client = await register_client(tx, admin, given)
    secret = await put_secret(tx, client.id)
    issued = await put_token(
        tx, label="Demo", scopes=PARTNER_SCOPES, caveats=UNRESTRICTED, expires_at=ends, client_id=client.id
    )
    return {"client_id": client.client_id, "client_secret": secret.secret, "token": issued.secret}


async def _in_person(tx: Transaction, address: str) -> Viewer:
    """The person as just signed in and proven, which is who may make a token."""
    person_id = await person_with_email(tx, address)
    principal = Principal(
        kind="PERSON",
        tenant_id=tx.tenant_id,
        person_id=person_id,
        grants=() if person_id is None else await grants_of(tx, person_id),
        assurance=Assurance.STEPPED_UP,
        stepped_up_until=tx.now + timedelta(minutes=1),
    )
    return Viewer.at(principal, tx.now)


def handed_out(folder: Path) -> dict[str, dict[str, Any]]:
    """The entries of the demo.json of an earlier start, by name; none when there is no such file."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {tenant["name"]: tenant for tenant in told["tenants"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def hand_out(folder: Path, url: str, tenants: Sequence[Mapping[str, Any]]) -> Path:
    """Writes demo.json, readable by its owner only, whole or not at all."""
    path, partial = folder / FILE, folder / f".{FILE}.part"
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"url": url, "tenants": tenants}, file, indent=2, ensure_ascii=False)
    partial.replace(path)
    return path
