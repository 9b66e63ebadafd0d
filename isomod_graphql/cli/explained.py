"""A question put to an installation for one person, explained. Refuses to run anything but a query, and to hand out an answer."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from graphql import ExecutionResult, OperationType, VariableDefinitionNode, VariableNode

from isomod_graphql.audit.access import AccessLog
from isomod_graphql.cli.failed import Failed
from isomod_graphql.core.embedded import stop_server
from isomod_graphql.core.errors import KeyDestroyed, NotFound
from isomod_graphql.core.ids import PLATFORM_TENANT, parse_global_id
from isomod_graphql.core.installation import Installation, open_installation
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.engine.explaining import REFUSED, Explanation
from isomod_graphql.identity.accounts import account_with_address, address_hash
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.passwords import Argon2Passwords
from isomod_graphql.identity.principals import active_member
from isomod_graphql.identity.sessions import Membership, memberships_of
from isomod_graphql.identity.standing import person_standing
from isomod_graphql.web.documents import DocumentCache, DocumentFaulty
from permissions.principals import Principal
from schema.context import Services
from schema.entities import PERSON
from schema.execution import Execution
from schema.explaining import Explainer
from schema.limits import BOUNDS
from schema.limits.misfits import COORDINATE
from schema.limits.validation import Fault, validate_document
from schema.root import build_schema

NOBODY_THERE = "nobody with an active membership signs in like this"


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked on the command line. `person` is an address or a global id, `tenant` a slug."""

    text: str
    variables: Mapping[str, Any]
    operation: str | None
    person: str
    tenant: str | None
    run: bool


async def explained(settings: Settings, question: Question) -> Explanation:
    """Opens the installation, explains, and closes it again. Raises Failed, and the refusals of schema.limits."""
    async with standing_installation(settings) as installation:
        store = installation.store
        principal = await principal_of(store, question.person, question.tenant)
        access_log = AccessLog(store.main.engine.url, statement_cache=settings.statement_cache)
        try:
            return await _explained(installation, access_log, principal, question)
        finally:
            await access_log.close()


async def _explained(
    installation: Installation, access_log: AccessLog, principal: Principal, question: Question
) -> Explanation:
    _, core, catalogue = build_schema()
    parts = core, catalogue, installation.store, installation.clock, access_log
    execution = Execution(*parts, classes=True)
    documents = DocumentCache(core, most=0, bounds=BOUNDS, single_use=())
    try:
        found = documents.find(question.text)
        checked = documents.check(found)
    except DocumentFaulty as faulty:
        raise Failed(f"{faulty.code}: {' '.join(map(_told, faulty.faults))}") from None
    fits = not validate_document(execution.fitting(principal).schema, checked.measured.shape.document)
    if not fits:
        # The person's schema lacks some of it, which the server does not say. Here it is said what that is for.
        execution = Execution(*parts)
    chosen = checked.measured.shape.choose(question.operation)
    if question.run and chosen.kind is not OperationType.QUERY:
        raise Failed("--run runs queries only; without it anything is explained")
    variables = dict(question.variables)
    points = documents.cost(checked, chosen, question.operation, variables)
    document, digest = checked.measured.shape.document, checked.measured.digest
    asked = execution.asked(chosen.node, document, digest, variables, principal)
    if isinstance(asked, ExecutionResult):
        raise Failed(f"the variables do not fit: {_wrong(asked)}")
    explainer = Explainer(execution)
    planned = explainer.plan(asked, points)
    if not fits:
        return replace(planned, answered=REFUSED, reason=DocumentFaulty.code, levels=())
    if not question.run or planned.answered == "REFUSED":
        return planned
    desk = Desk(installation.store, installation.settings, Argon2Passwords())
    _, timed = await explainer.run(
        chosen.node, document, digest, variables, principal, Services(desk, installation.settings),
        points=points, timed=True,
    )  # fmt: skip
    return timed or planned


def _told(fault: Fault) -> str:
    """One fault of the document with its first place."""
    place = next(iter(fault.places), None)
    return fault.message if place is None else f"{fault.message} (line {place.line}, column {place.column})"


def _wrong(asked: ExecutionResult) -> str:
    """The variables by name, and where they do not fit: what they hold is not repeated."""
    told: dict[str, None] = {}
    for error in asked.errors or ():
        for node in error.nodes or ():
            named = node.variable if isinstance(node, VariableDefinitionNode) else node
            if isinstance(named, VariableNode):
                where = (error.extensions or {}).get(COORDINATE)
                told[f"${named.name.value}" + (f" at {where}" if where else "")] = None
    return ", ".join(told)


@asynccontextmanager
async def standing_installation(settings: Settings) -> AsyncIterator[Installation]:
    """An installation that is there already; embedded servers that did not run are stopped again."""
    embedded = settings.database_url is None or settings.keystore_url is None
    folders = [settings.data_dir.resolve() / name for name in ("postgres", "keystore")]
    if embedded and not all((folder / "PG_VERSION").exists() for folder in folders):
        raise Failed(
            f"there are no databases in {settings.data_dir}: set ISOMOD_DATA_DIR, or their addresses"
        )
    idle = [folder for folder in folders if embedded and not (folder / "postmaster.pid").exists()]
    try:
        async with open_installation(settings) as installation:
            yield installation
    finally:
        for folder in idle:
            stop_server(folder)


async def principal_of(store: Store, person: str, slug: str | None) -> Principal:
    """The person as after a sign-in, with every role held and nothing narrowed. Raises Failed."""
    member = await member_of(store, person, slug)
    async with store.transaction(member.tenant_id) as tx:
        principal = await person_standing(tx, member.person_id)
    if principal is None:
        raise Failed(NOBODY_THERE)
    return principal


async def member_of(store: Store, person: str, slug: str | None) -> Membership:
    """The membership of an address or a global id. Raises Failed."""
    return await (_by_address if "@" in person else _by_id)(store, person, slug)


async def _by_address(store: Store, address: str, slug: str | None) -> Membership:
    async with store.transaction(PLATFORM_TENANT) as tx:
        account = await account_with_address(tx, await address_hash(tx, address))
        members = [] if account is None else await memberships_of(tx, account.id)
    chosen = [one for one in members if slug in {None, one.slug}]
    if not chosen:
        raise Failed(NOBODY_THERE)
    if len(chosen) > 1:
        raise Failed(f"--tenant says which organisation: {', '.join(sorted(one.slug for one in chosen))}")
    return chosen[0]


async def _by_id(store: Store, global_id: str, slug: str | None) -> Membership:
    try:
        _, tenant_id, _ = parse_global_id(global_id)
        opened = (await store.keystore.tenant(tenant_id)).ids.open(global_id)
        async with store.transaction(tenant_id) as tx:
            held = await active_member(tx, opened.row_id)
        if opened.type_code != PERSON.code or held is None:
            raise Failed(NOBODY_THERE)
        async with store.transaction(PLATFORM_TENANT) as tx:
            members = await memberships_of(tx, held.account_id)
    except (NotFound, KeyDestroyed):
        raise Failed(NOBODY_THERE) from None
    for one in members:
        if one.tenant_id == tenant_id and slug in {None, one.slug}:
            return one
    raise Failed(NOBODY_THERE)
