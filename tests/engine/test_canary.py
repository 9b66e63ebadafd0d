"""A recognisable text stands in every personal value. It may come out, in an answer or a log, only where an oracle says that the viewer sees the value raw."""

import io
import logging
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import structlog

from isomod_graphql.subjects.models import Person
from tests.engine.arguments import Asked, asked, document, literal
from tests.engine.asking import Ask, Caller, Door
from tests.engine.callers import PARTS
from tests.engine.documents import CONNECTION, cells, deep, selection
from tests.engine.graph import built, execution_of
from tests.engine.oracle import FIELDS, Oracle
from tests.engine.proving import Proof
from tests.engine.realm import Canary, Realm

Question = tuple[str, Mapping[str, Any]]
WORD = re.compile(rb"[A-Za-z0-9_+/-]{16,}")
LOGGERS = (
    "",
    "sqlalchemy.engine",
    "sqlalchemy.pool",
    "sqlalchemy.dialects",
    "asyncpg",
    "strawberry",
    "asyncio",
)
SENT = (
    "{{ users(first: 2, orderBy: {0}) {{ totalCount }} }}",
    "{{ users(first: 2, filter: {{{0}: 1}}) {{ totalCount }} }}",
    "{{ users(first: 2, filter: {{status: [{0}]}}) {{ totalCount }} }}",
    '{{ users(first: 2, after: "{0}") {{ totalCount }} }}',
    '{{ users(first: "{0}") {{ totalCount }} }}',
    '{{ users(first: 2, filter: {{siteId: "{0}"}}) {{ totalCount }} }}',
    '{{ users(first: 2, filter: {{email: "{0}"}}) {{ totalCount }} }}',
    '{{ users(first: 2, filter: {{email: "{0}@{0}.example"}}) {{ totalCount }} }}',
    '{{ users(first: 2, filter: {{namePrefix: "quirin{0}"}}) {{ totalCount }} }}',
    '{{ node(id: "{0}") {{ id }} nodes(ids: ["{0}", "x"]) {{ id }} user(id: "{0}") {{ id }} }}',
    '{{ assets(first: 2, filter: {{tag: "{0}", namePrefix: "{0}"}}) {{ totalCount }} }}',
    '{{ workOrders(first: 2, filter: {{createdAt: {{gte: "{0}"}}}}) {{ totalCount }} }}',
    "{{ {0} }}",
    "{{ viewer {{ {0} }} }}",
    "query {0} ($x: {0}) {{ viewer {{ id @{0} }} }}",
    "{{ viewer {{ id }} }} }} {0}",
    '{{ viewer {{ id("{0}") }} }}',
    "fragment {0} on {0} {{ id }} {{ viewer {{ ...{0} }} }}",
)
VARIABLES = (
    ("query ($by: UserOrder!) { users(first: 2, orderBy: $by) { totalCount } }", "by"),
    ("query ($given: UserFilter) { users(first: 2, filter: $given) { totalCount } }", "given"),
    ("query ($after: Cursor) { users(first: 2, after: $after) { totalCount } }", "after"),
    ("query ($email: EmailAddress) { users(first: 2, filter: {email: $email}) { totalCount } }", "email"),
    ("query ($first: PageSize!) { users(first: $first) { totalCount } }", "first"),
    ("query ($id: ID!) { node(id: $id) { id } }", "id"),
)


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """Every logger at its most talkative."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setLevel(logging.DEBUG)
    before = {name: logging.getLogger(name).level for name in LOGGERS}
    logging.getLogger().addHandler(handler)
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        with structlog.testing.capture_logs() as entries:
            yield text
            text.write(repr(entries))
    finally:
        logging.getLogger().removeHandler(handler)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


async def questions(proof: Proof, realm: Realm, arguments: list[Asked]) -> AsyncIterator[Question]:
    """Documents that touch every coordinate, and these arguments."""
    _, core, catalogue = built()
    for of in FIELDS:
        ids = [
            text
            for one in zip(proof.realms, proof.oracles, strict=True)
            for _, text in await proof.rows(*one, of)
        ]
        yield cells(core, catalogue, of), {"ids": ids}
    yield deep(core, catalogue, tuple(FIELDS), brief=False), {}
    site, asset = (
        await proof.global_id(realm, "Location", realm["gent"]),
        await proof.global_id(realm, "Asset", realm["pump"]),
    )
    ids_of = {"siteId": site, "locationId": site, "parentId": asset, "assetId": asset}
    for one in arguments:
        core_field: Any = core.type_map[one.place.type_name]
        of = core_field.fields[one.place.field].type.of_type.name.removesuffix("Connection")
        chosen = f"{CONNECTION} nodes {{ {selection(core, catalogue, of)} }}"
        text = document(one.place, f"{one.place.argument}: {literal(one, ids_of)}", chosen=chosen)
        row = {"Asset": asset, "Location": site}.get(one.place.type_name)
        yield text, {"id": row} if row else {}


def wrong_questions(proof: Proof) -> Iterator[Question]:
    """Every way to be wrong, with a text of each organisation in the wrong place."""
    for mark in hidden_marks(proof):
        for text in SENT:
            yield text.format(mark), {}
        for text, name in VARIABLES:
            for value in (mark, [mark], {mark: mark}, {"email": mark}, {"namePrefix": {"x": mark}}, None):
                yield text, {name: value}


def hidden_marks(proof: Proof) -> list[str]:
    """The name of somebody in each organisation, to be sent back to the server in wrong places."""
    return [
        next(one.text for one in realm.canaries if one.row == realm["restricted"] and one.attribute == "name")
        for realm in proof.realms
    ]


async def forbidden(proof: Proof, who: Caller) -> dict[str, Canary]:
    """The texts that must not reach this viewer: of the other organisation, and of every value that is not shown raw."""
    now = proof.store.clock.now()
    kept = {}
    for realm, oracle in zip(proof.realms, proof.oracles, strict=True):
        for one in realm.canaries:
            type_name, name = await coordinate(oracle, one)
            seen = await oracle.seen(who.principal, now, type_name, one.row, name)
            if seen is None or not seen.raw:
                kept[one.text] = one
    return kept


async def coordinate(oracle: Oracle, one: Canary) -> tuple[str, str]:
    """The type and the field that show the value."""
    person = one.model is Person
    names = [of for of, (model, _) in FIELDS.items() if model is one.model] or ["User"]
    if person:
        names = ["User" if await oracle.is_member(one.row) else "Contact"]
    fields = FIELDS[names[0]][1]
    shown = [
        name for name, field in fields.items() if field.attribute == one.attribute and name != "displayName"
    ]
    return names[0], shown[0]


def opened(body: bytes) -> bytes:
    """The body, and everything in it that is base64, decoded in both alphabets."""
    parts = [body]
    for word in WORD.findall(body):
        padded = word + b"=" * (-len(word) % 4)
        for decode in (urlsafe_b64decode, b64decode):
            try:
                parts.append(decode(padded))
            except ValueError:
                continue
    return b"\n".join(parts).lower()


async def leaks(
    proof: Proof, ask: Ask, who: Caller, asking: AsyncIterator[Question], logs: str = "/graphql"
) -> list[tuple[str, Canary]]:
    """Where a text came out that the viewer may not see; in the log, which must hold `logs`, that is every text."""
    kept = await forbidden(proof, who)
    found: list[tuple[str, Canary]] = []
    with everything_logged() as log:
        async for text, variables in asking:
            answer = await ask(who, text, variables)
            body = opened(answer.body)
            found += [(text, one) for mark, one in kept.items() if mark.lower().encode() in body]
    logged = log.getvalue().lower()
    assert logs in logged
    return found + [
        ("log", one) for realm in proof.realms for one in realm.canaries if one.text.lower() in logged
    ]


@pytest.mark.parametrize("name", PARTS)
async def test_no_text_comes_out_that_the_viewer_may_not_see(
    proof: Proof, ask_at_the_door: Ask, name: str
) -> None:
    """Turn by turn: each part asks in one organisation and takes a quarter of the arguments."""
    turn = list(PARTS).index(name)
    realm, _, who = list(proof.callers(name))[turn % 2]

    asking = questions(proof, realm, list(asked())[turn // 2 % 4 :: 4])

    assert await leaks(proof, ask_at_the_door, who, asking) == []


@pytest.mark.parametrize("name", ["admin", "requester", "partner with names"])
async def test_no_text_comes_out_of_the_reference_executor_whose_statements_are_logged(
    proof: Proof, name: str
) -> None:
    at_the_door = Door(execution_of(proof.store, compiles=False))
    realm, _, who = next(proof.callers(name))

    asking = questions(proof, realm, list(asked())[::4])

    assert await leaks(proof, at_the_door, who, asking, "select") == []


@pytest.mark.proof
@pytest.mark.parametrize("name", PARTS)
async def test_no_text_comes_out_in_either_organisation(
    proof: Proof, ask_at_the_door: Ask, name: str
) -> None:
    for realm, _, who in proof.callers(name):
        assert await leaks(proof, ask_at_the_door, who, questions(proof, realm, list(asked()))) == []


@pytest.mark.parametrize("name", ["admin", "viewer", "requester", "partner", "member without a role"])
async def test_no_error_repeats_a_text(proof: Proof, ask_at_the_door: Ask, name: str) -> None:
    """Not even to whoever sent it, nor into the log."""
    _, _, who = next(proof.callers(name))
    marks = [mark.encode() for mark in hidden_marks(proof)]
    repeated, answers = [], 0
    with everything_logged() as log:
        for text, variables in wrong_questions(proof):
            answer = await ask_at_the_door(who, text, variables)
            answers += 1
            repeated += [(text, mark) for mark in marks if mark in opened(answer.body)]

    assert answers == 2 * (len(SENT) + 6 * len(VARIABLES))
    assert repeated == []
    assert [mark for mark in marks if mark.decode() in log.getvalue()] == []


async def test_a_text_that_the_viewer_may_see_does_come_out(proof: Proof, ask_at_the_door: Ask) -> None:
    """Else the proof above would hold for a graph that shows nothing; and the search finds what is hidden in base64."""
    realm, _, who = next(proof.callers("admin"))
    kept = await forbidden(proof, who)
    _, core, catalogue = built()
    seen = b""
    for of in FIELDS:
        ids = [text for _, text in await proof.rows(realm, proof.oracles[0], of)]
        seen += opened((await ask_at_the_door(who, cells(core, catalogue, of), {"ids": ids})).body)

    shown = {one.text for one in realm.canaries if one.text.lower().encode() in seen}

    assert shown == {one.text for one in realm.canaries} - set(kept)
    assert len(shown) > 60
    assert b"qz00001vk" in opened(b"x cXowMDAwMXZrICAgICAgICAg y")
