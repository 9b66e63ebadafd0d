"""A recognisable text stands in every personal value. It comes out nowhere but in an answer to somebody who may see the value raw."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, combinations
from random import Random
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import pytest
import structlog
from graphql import get_introspection_query

from isomod_graphql.jobs.queue import Queue
from isomod_graphql.jobs.wiring import product_consumers
from isomod_graphql.notifications.handlers import Post
from isomod_graphql.notifications.mail import Mail
from permissions.categories import Category
from permissions.disclosure import DISCLOSURE, Level
from permissions.principals import Role, Scope
from permissions.purposes import Purpose
from tests.engine.arguments import asked as arguments
from tests.engine.arguments import document, literal
from tests.engine.callers import _READS, PARTS, Part, _client
from tests.engine.documents import CONNECTION, cells, deep, selection
from tests.engine.graph import built
from tests.engine.oracle import FIELDS
from tests.permissions.test_policy_mutation import Mutant, in_force
from tests.proofs.exports import every_export
from tests.proofs.listening import everything_logged
from tests.proofs.planted import TOLD_APART, personal_columns, stored_bytes_columns
from tests.proofs.questions import KNOCKS, VARIABLES, WRONG, doors, drawn, post
from tests.proofs.sieve import Sieve
from tests.proofs.twins import KINDS, Twins
from tests.proofs.watching import Watch, may_see, told

PII: Final = (Scope.PII_IDENTITY, Scope.PII_CONTACT, Scope.PII_TIME)
PARTNERS: Final[Mapping[str, Part]] = {
    f"partner with {', '.join(scope.value for scope in scopes) or 'nothing personal'} for {purpose.value}": _client(
        *_READS, *scopes, purpose=purpose
    )
    for scopes in chain.from_iterable(combinations(PII, size) for size in range(len(PII) + 1))
    for purpose in (Purpose.SERVICE, Purpose.NOTIFY, Purpose.COMPLIANCE, Purpose.ANALYTICS)
}
"""Every set of personal scopes for every purpose that a program is registered for."""
EACH: Final = 100
"""Woven requests per caller in `make proofs`; `make test` has a tenth."""
pytestmark = pytest.mark.filterwarnings("ignore:coroutine 'GraphQLCoreConverter:RuntimeWarning")


async def questions(twins: Twins, name: str, one_in: int) -> Any:  # noqa: ANN401  an iterator of requests
    """Documents that touch every coordinate, every argument that reveals and every column of an export (of these one in so many)."""
    _, core, catalogue = built()
    at = twins.at(name)
    ids = {kind: [*twins.ids[at][kind], *twins.ids[1 - at][kind]] for kind in KINDS}
    for of in FIELDS:
        if of in ids:
            yield post(cells(core, catalogue, of), {"ids": ids[of]})
    yield post(deep(core, catalogue, tuple(FIELDS), brief=False))
    yield post("{ organisation { name } apiTokens { id label } partnerClients { name } consents { given } }")
    yield post("{ sessions { id address userAgent lastUsedAt } }")
    yield post(get_introspection_query())
    site, asset = twins.ids[at]["Location"][0], twins.ids[at]["Asset"][0]
    ids_of = {"siteId": site, "locationId": site, "parentId": asset, "assetId": asset}
    for one in list(arguments())[::one_in]:
        listing: Any = core.type_map[one.place.type_name]
        of = listing.fields[one.place.field].type.of_type.name.removesuffix("Connection")
        chosen = f"{CONNECTION} nodes {{ {selection(core, catalogue, of)} }}"
        row = {"Asset": asset, "Location": site}.get(one.place.type_name)
        text = document(one.place, f"{one.place.argument}: {literal(one, ids_of)}", chosen=chosen)
        yield post(text, {"id": row} if row else {})
    for sent in every_export(core, one_in):
        yield sent


async def wrong(watch: Watch, one_in: int) -> None:
    """Everything that may be wrong, with a text of the caller's own and with somebody's name in the wrong place."""
    hidden = next(
        one.text for one in watch.twins.realm(watch.name).canaries
        if one.attribute == "name" and one.row == watch.twins.realm(watch.name)["restricted"]
    )  # fmt: skip
    for text in WRONG[:: max(one_in // 2, 1)]:
        for said in (watch.said, hidden):
            await watch.ask(post(text.format(said)), changes=text.startswith("mutation"))
    for text, name in VARIABLES:
        for value in (
            watch.said,
            [watch.said],
            {watch.said: watch.said},
            {"email": watch.said},
            {"namePrefix": {"x": hidden}},
        ):
            await watch.ask(post(text, {name: value}), changes=text.startswith("mutation"))


async def leaks(twins: Twins, name: str, part: Part | None = None, *, woven: int, one_in: int) -> Watch:
    """All that this caller can ask of the graph, and what came out of it."""
    watch = await Watch.over(twins, name, part)
    vocabulary = twins.vocabulary(watch.who, name)
    with everything_logged() as log:
        async for sent in questions(twins, name, one_in):
            await watch.ask(sent)
        await wrong(watch, one_in)
        for seed in range(woven):
            await watch.draw(drawn(vocabulary, Random(f"{name} {seed}")))  # noqa: S311  no secret
    watch.read_log(log.getvalue())
    await watch.read_records()
    return watch


@pytest.mark.parametrize("name", PARTS)
async def test_no_text_comes_out_that_the_caller_may_not_see(twins: Twins, name: str) -> None:
    turn = list(PARTS).index(name)

    watch = await leaks(twins, name, woven=EACH // 10, one_in=7 + turn % 4)

    assert told(watch.leaks) == []


@pytest.mark.parametrize("name", list(PARTNERS)[::5])
async def test_none_comes_out_to_a_program_with_these_scopes(twins: Twins, name: str) -> None:
    watch = await leaks(twins, name, PARTNERS[name], woven=EACH // 20, one_in=12)

    assert told(watch.leaks) == []


@pytest.mark.parametrize("name", ["admin", "requester", "partner with names"])
async def test_none_comes_out_of_the_reference_executor(
    twins: Twins, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its statements are logged, those of the compiled way are not."""
    monkeypatch.setattr(twins.first.house.parts.execution, "compiles", False)

    watch = await leaks(twins, name, woven=EACH // 10, one_in=9)

    assert told(watch.leaks) == []
    assert "select" in watch.log.lower()


@pytest.mark.proof
@pytest.mark.parametrize("name", PARTS)
async def test_none_comes_out_however_much_is_asked(twins: Twins, name: str) -> None:
    watch = await leaks(twins, name, woven=EACH, one_in=1)

    assert told(watch.leaks) == []


@pytest.mark.proof
@pytest.mark.parametrize("name", PARTNERS)
async def test_none_comes_out_to_a_program_however_much_is_asked(twins: Twins, name: str) -> None:
    watch = await leaks(twins, name, PARTNERS[name], woven=EACH // 2, one_in=3)

    assert told(watch.leaks) == []


@pytest.mark.parametrize("name", ["admin", "viewer", "partner"])
async def test_no_door_lets_a_text_out_or_repeats_one(twins: Twins, name: str) -> None:
    """With the caller's token and without; the addresses of accounts, programs and machines too."""
    watch = await Watch.over(twins, name)
    with everything_logged() as log:
        for known in (True, False):
            for sent in doors(watch.said):
                await watch.ask(sent, known=known)
            for text in (*KNOCKS, *WRONG[::4]):
                await watch.ask(post(text.format(watch.said)), known=known, changes=True)
    watch.read_log(log.getvalue())
    await watch.read_records()

    assert told(watch.leaks) == []
    assert watch.asked > 150


class Letters:
    """A transport that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        """Keeps it."""
        self.mails.append(mail)

    async def knock(self) -> None:
        """Always open."""


async def test_a_letter_holds_nobodys_text_but_its_readers(twins: Twins) -> None:
    letters, changed = Letters(), 0
    for name in ("admin with a full token", "manager of gent", "privacy officer", "requester"):
        who = twins.caller(name)
        vocabulary = twins.vocabulary(who, name)
        for seed in range(240 if name.startswith("admin") else 60):
            one = drawn(vocabulary, Random(f"letter {seed}"))  # noqa: S311  no secret
            if one.changes:
                changed += (await twins.first.house.ask(one.sent, who)).status == 200
    admin = twins.caller("admin with a full token")
    for person in twins.ids[twins.at("admin with a full token")]["User"]:
        for verb in ("inviteUserAgain", "deactivateUser"):
            text = f'mutation {{ {verb}(input: {{personId: "{person}"}}) {{ userErrors {{ code }} }} }}'
            changed += (await twins.first.house.ask(post(text), admin)).status == 200
    queue = Queue(twins.first.store, product_consumers(Post(letters, "https://isomod.example")))
    with everything_logged() as log:
        for _ in range(20):
            for waiting in await queue.due(50):
                await queue.deliver(waiting)
    await twins.first.restore()

    everybody = {
        one.text: f"{one.text}@{one.text}.example" if one.attribute == "email" else ""
        for realm in twins.grounds.realms
        for one in realm.canaries
    }
    sieve = Sieve([*everybody, *(one.text for one in twins.grounds.planted)])
    strange = [
        (mail.to, text)
        for mail in letters.mails
        for text in sieve.found(f"{mail.to}\n{mail.subject}\n{mail.text}".encode())
        if everybody.get(text) != mail.to
    ]
    assert changed > 10
    assert len(letters.mails) > 0
    assert strange == []
    assert sieve.found(log.getvalue().encode()) == set()


async def test_a_text_that_the_caller_may_see_does_come_out(twins: Twins) -> None:
    """Else the proof would hold for a graph that shows nothing."""
    watch = await Watch.over(twins, "admin")
    realm, oracle = twins.realm("admin"), twins.oracles[0]
    shown = b"".join([(await watch.ask(sent)).body async for sent in questions(twins, "admin", 1000)])

    came = Sieve([one.text for one in realm.canaries]).found(shown)

    assert came == {one.text for one in realm.canaries if await may_see(oracle, watch.who, one)}
    assert len(came) > 60


async def test_an_export_shows_what_its_caller_may_see(twins: Twins) -> None:
    """Else the exports above would be refusals all of them."""
    watch = await Watch.over(twins, "admin")
    realm, oracle = twins.realm("admin"), twins.oracles[0]
    got = [await watch.ask(sent) for sent in every_export(built()[1], 1)]

    came = Sieve([one.text for one in realm.canaries]).found(b"".join(one.body for one in got))

    assert told(watch.leaks) == []
    assert came <= {one.text for one in realm.canaries if await may_see(oracle, watch.who, one)}
    assert len(came) > 40
    assert sum(one.status == 200 for one in got) > 40


def test_every_personal_column_has_a_text_of_its_own(twins: Twins) -> None:
    """A new column fails here until somebody plants a text in it, or says why it holds none."""
    planted = {
        *(
            (one.model.__tablename__, one.attribute)
            for realm in twins.grounds.realms
            for one in realm.canaries
        ),
        *((one.table, one.attribute) for one in twins.grounds.planted),
        *stored_bytes_columns(),
        *TOLD_APART,
    }

    assert set(personal_columns()) - planted == set()
    assert set(TOLD_APART) <= set(personal_columns())


@pytest.mark.parametrize(
    ("name", "role", "category"),
    [
        ("viewer", Role.VIEWER, Category.CONTACT),
        ("requester", Role.REQUESTER, Category.NOTES),
        ("quality manager", Role.QUALITY_MANAGER, Category.CONTACT),
        ("technician on orders", Role.TECHNICIAN, Category.DEVICE),
    ],
)
async def test_a_cell_that_shows_more_is_noticed(
    twins: Twins, name: str, role: Role, category: Category
) -> None:
    watch = await Watch.over(twins, name)
    principal = replace(watch.who.principal, credential_id=uuid4())
    watch.who = replace(watch.who, name=f"{name} anew", principal=principal)
    cell = replace(DISCLOSURE[role][category], base=Level.FULL)

    with in_force(Mutant(role, category, "base FULL", cell)):
        async for sent in questions(twins, name, 1000):
            await watch.ask(sent)

    assert {one.where for one in watch.leaks} == {"answer"}


async def test_a_text_in_the_log_or_in_a_record_is_noticed(twins: Twins) -> None:
    watch = await Watch.over(twins, "admin")
    text = twins.grounds.realms[0].canaries[0].text
    with everything_logged() as log:
        structlog.get_logger("isomod.test").warning("careless", value=text[:10])
    watch.read_log(log.getvalue())
    await twins.first.main.eye.execute("UPDATE teams SET name = $1", b64encode(b"x" + text.encode()).decode())
    await watch.read_records()
    await twins.first.restore()

    assert {one.where for one in watch.leaks} == {"log", "teams"}


def _spellings(text: str) -> Iterator[tuple[str, bytes]]:
    raw = text.encode()
    plain: dict[str, Callable[[bytes], bytes]] = {
        "plain": bytes, "upper": bytes.upper, "first half": lambda one: one[: len(one) // 2],
        "second half": lambda one: one[len(one) // 2 :], "reversed": lambda one: one[::-1],
        "hexadecimal": lambda one: one.hex().encode(), "url": lambda one: quote(b"\xc3\xa9" + one).encode(),
        "percent": lambda one: b"".join(b"%%%02X" % byte for byte in one),
        "utf-16": lambda one: one.decode().encode("utf-16-le"),
        "escaped": lambda one: b"".join(b"\\u%04x" % byte for byte in one),
    }  # fmt: skip
    for name, spell in plain.items():
        yield name, spell(raw)
    for at in range(3):
        yield f"base64 {at}", b64encode(b"\xff" * at + raw + b"\xff")
        yield f"base64 for addresses {at}", urlsafe_b64encode(b"\xff" * at + raw + b"\xff").rstrip(b"=")
        yield f"base64 of upper case {at}", b64encode(b"\xff" * at + raw.upper())
    yield "base64 twice", b64encode(b"{" + b64encode(raw + b"}"))


@pytest.mark.parametrize("name", dict(_spellings("x" * 20)))
def test_a_text_is_found_in_every_spelling(name: str) -> None:
    text = "k7q2m4xwpa3dle5tz6rb"

    assert Sieve([text]).found(b'{"a":"' + dict(_spellings(text))[name] + b'"}') == {text}


def test_what_was_not_planted_is_not_found() -> None:
    found = Sieve(["k7q2m4xwpa3dle5tz6rb", "412345678", "2026-09-12T13:45:59."], [b"\x01" * 16]).found(
        b'{"id":"VQ3kZAAAcIAAAAAAAAAAAaGzq0Y9c0Yq","at":"2026-09-12T14:45:59Z","phone":"78","name":"K\xe2\x80\xa2\xe2\x80\xa2"}'
    )

    assert found == set()


def test_a_number_and_a_moment_are_found_in_part() -> None:
    sieve = Sieve(["412345678", "2026-09-12T13:45:59."], [b"\x01\x02" * 8])

    assert sieve.found(b"32 4123456..") == {"412345678"}
    assert sieve.found(b"2026-09-12 13:45") == {"2026-09-12T13:45:59."}
    assert sieve.found(b64encode(b"y" + b"\x01\x02" * 8)) == {"0102" * 8}
