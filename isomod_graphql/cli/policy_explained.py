"""A question about one viewer, one field and one stored object, answered for whoever operates the installation. Refuses to open the value."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from isomod_graphql.audit.service import record
from isomod_graphql.cli.explained import NOBODY_THERE, member_of, standing_installation
from isomod_graphql.cli.failed import Failed
from isomod_graphql.core.crypto import token_hash
from isomod_graphql.core.directory import place_of_client
from isomod_graphql.core.errors import KeyDestroyed, NotFound
from isomod_graphql.core.ids import PLATFORM_TENANT, parse_global_id
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store, Transaction
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.reasons import Answer, Asked, answer, type_of_row
from isomod_graphql.identity.standing import client_standing, person_standing, token_standing
from isomod_graphql.organisations.models import Tenant
from isomod_graphql.subjects.addresses import checked_email
from isomod_graphql.subjects.models import Person
from isomod_graphql.subjects.service import person_email_index
from permissions.grants import Action
from permissions.policy_version import POLICY_VERSION
from permissions.principals import NOBODY, Principal
from schema.entities import PERSON
from schema.member_changes import TOKEN_IDS
from schema.root import build_schema

WHO_ASKS: Final = "OPERATOR"
NO_SUCH: Final = "there is no such object in the organisation of the viewer"


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked on the command line. `field` is a coordinate; `about` a global id, or the address of a person."""

    viewer: str
    field: str
    about: str
    tenant: str | None
    privacy: bool


async def explained(settings: Settings, question: Question) -> Answer:
    """Opens the installation, answers, and closes it again. Raises Failed.

    Whoever operates the installation is no person of the organisation: restriction, consent and erasure are told only
    when asked for, and that question goes on record.
    """
    _, _, catalogue = build_schema()
    async with standing_installation(settings) as installation:
        store = installation.store
        viewer = await _viewer(store, question)
        async with store.transaction(viewer.tenant_id, write=question.privacy) as tx:
            principal = await viewer.standing(tx)
            asked = await _asked(tx, catalogue, principal, question)
            found = await answer(tx, asked, told=question.privacy)
            if found is None:
                raise Failed(NO_SUCH)
            if question.privacy:
                nobody = replace(NOBODY, tenant_id=tx.tenant_id)
                await record(
                    tx, nobody, Action.ACCESS_EXPLAIN, entity=(asked.entity.name, asked.row_id),
                    fields=[found.coordinate], reason=WHO_ASKS,
                )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class _Viewer:
    """Whose access it is about."""

    tenant_id: UUID
    row_id: UUID
    kind: str

    async def standing(self, tx: Transaction) -> Principal | None:
        """What stands behind it today."""
        by_kind = {"person": person_standing, "token": token_standing, "client": client_standing}
        return await by_kind[self.kind](tx, self.row_id)


async def _viewer(store: Store, question: Question) -> _Viewer:
    """Raises Failed."""
    text = question.viewer
    if "@" in text:
        member = await member_of(store, text, question.tenant)
        return _Viewer(member.tenant_id, member.person_id, "person")
    try:
        code, tenant_id, _ = parse_global_id(text)
        opened = (await store.keystore.tenant(tenant_id)).ids.open(text)
    except (NotFound, KeyDestroyed):
        return await _client(store, text)
    kind = {PERSON.code: "person", TOKEN_IDS.code: "token"}.get(code)
    if kind is None:
        raise Failed(NOBODY_THERE)
    async with store.transaction(tenant_id) as tx:
        slug = await tx.value(select(Tenant.slug).where(Tenant.id == tenant_id))
    if question.tenant not in {None, slug}:
        raise Failed(NOBODY_THERE)
    return _Viewer(tenant_id, opened.row_id, kind)


async def _client(store: Store, client_id: str) -> _Viewer:
    async with store.transaction(PLATFORM_TENANT) as tx:
        place = await place_of_client(tx, token_hash(client_id))
    if place is None:
        raise Failed(NOBODY_THERE)
    return _Viewer(place.tenant_id, place.target_id, "client")


async def _asked(
    tx: Transaction, catalogue: Catalogue, principal: Principal | None, question: Question
) -> Asked:
    """The row and the field that are meant. Raises Failed."""
    of, _, name = question.field.partition(".")
    entity = catalogue.entity_of_type.get(of)
    if entity is None or name not in catalogue.weighable[of]:
        raise Failed(f"there is no field {question.field}; `isomod policy print` lists them")
    row_id = await _about(tx, question.about, entity.code)
    found = await type_of_row(tx, entity, row_id) if row_id is not None else None
    if row_id is None or found is None:
        raise Failed(NO_SUCH)
    if found != of:
        raise Failed(f"the object is a {found}, not a {of}")
    return Asked(principal, entity, row_id, of, name, catalogue.weighable[of][name].spec)


async def _about(tx: Transaction, text: str, code: int) -> UUID | None:
    if "@" in text and code == PERSON.code:
        address = checked_email(text)
        index = Person.email_index == person_email_index(tx, address)
        found: UUID | None = await tx.value(select(Person.id).where(Person.tenant_id == tx.tenant_id, index))
        return found
    try:
        opened = tx.keys.ids.open(text)
    except NotFound:
        return None
    return opened.row_id if opened.type_code == code else None


def told_as_json(found: Answer) -> dict[str, Any]:
    """As `explainAccess` of the graph names it."""
    account = found.account
    return {
        "coordinate": found.coordinate,
        "category": found.category,
        "read": found.read,
        "mask": found.mask,
        "reason": found.reason,
        "policyVersion": POLICY_VERSION,
        "privacyTold": account.told,
        "because": account.because,
        "steps": [
            {"rule": one.rule, "effect": one.effect, "level": one.level.name, "role": one.role, "by": one.by, "says": one.says}
            for one in account.steps
        ],
        "remedies": [
            {"rule": one.rule, "by": one.by, "level": one.level.name, "says": one.says}
            for one in account.remedies
        ],
    }  # fmt: skip


def lines_of(found: Answer) -> Iterator[str]:
    """For people: the decision, the reason in a sentence, the chain, and what would change it."""
    account = found.account
    details = [f"as {found.mask}"] if found.mask else []
    details += [f"reason {found.reason}"] if found.reason else []
    yield f"{found.coordinate} ({found.category}): {found.read}{' ' if details else ''}{', '.join(details)}"
    yield f"  {account.because}"
    yield "rules, in order"
    for at, one in enumerate(account.steps, 1):
        yield f"  {at:>2}. {one.effect.lower():<7} {one.level.name:<6}  {one.rule:<11} {one.says}"
    if account.remedies:
        yield "would be shown more if"
        yield from (f"  {one.level.name:<6}  {one.rule:<11} {one.says}" for one in account.remedies)
    if not account.told:
        yield "restriction, consent and erasure are not told apart; --privacy does, on record"
    yield f"policy {POLICY_VERSION}"
