"""The same of a real `isomod serve`: sessions, tokens and programs that signed in over HTTP, whole responses from the socket, and what the process wrote to its standard output and error."""

import asyncio
import os
from asyncio.subprocess import DEVNULL
from asyncio.subprocess import Process as Served
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import asyncpg
import httpx2
import pytest

from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.invitations import join
from isomod_graphql.identity.passwords import Argon2Passwords
from isomod_graphql.identity.principals import resolve_token
from isomod_graphql.identity.roles import GivenRole, give
from isomod_graphql.identity.tokens import put_token
from permissions.caveats import UNRESTRICTED
from permissions.principals import Role, Scope
from tests.engine.asking import Caller
from tests.engine.documents import cells, deep
from tests.engine.graph import built
from tests.engine.oracle import FIELDS, Oracle
from tests.engine.realm import Realm, build_realm, recognisable
from tests.engine.weaving import Weaver, Words
from tests.faults.serving import PROGRAM
from tests.proofs.grounds import SETTINGS
from tests.proofs.house import Got, Sent
from tests.proofs.planted import plant
from tests.proofs.questions import EVERYTHING, KNOCKS, WRONG, asked, doors, post
from tests.proofs.sieve import Sieve
from tests.proofs.watching import may_see
from tests.web.programs import REGISTER, Program

PASSWORD: Final = "harbour-tulip-engine-64"
HOLDERS: Final[Mapping[str, Role | None]] = {
    # Whom the realm gave a role keeps it.
    "past_requester": Role.ADMIN, "mate": Role.QUALITY_MANAGER, "half_restricted": Role.PRIVACY_OFFICER,
    "technician": None, "boss": None, "requester": None, "southerner": None, "bystander": None,
}  # fmt: skip
PROGRAMS: Final = ((), ("pii:identity",), ("pii:identity", "pii:contact"))
LOCAL: Final = "127.0.0.1"


@dataclass
class Process:
    """A server of its own, with organisations whose people hold tokens."""

    address: str
    realms: tuple[Realm, Realm]
    oracles: tuple[Oracle, Oracle]
    desk: Desk
    tokens: dict[str, str]
    words: Words
    planted: list[str]
    client: httpx2.AsyncClient

    async def ask(self, sent: Sent, token: str | None = None) -> Got:
        """Over the socket."""
        headers = [*sent.headers, *([(b"authorization", f"Bearer {token}".encode())] if token else [])]
        query = f"?{sent.query.decode()}" if sent.query else ""
        got = await self.client.request(
            sent.method, f"{sent.path}{query}", headers=headers, content=sent.body
        )
        return Got(
            got.status_code,
            tuple((bytes(name), bytes(value)) for name, value in got.headers.raw),
            got.content,
        )

    async def hidden_from(self, token: str) -> list[str]:
        """What the holder of this token may not see."""
        principal = await resolve_token(self.desk, token, LOCAL)
        assert principal is not None
        now, who = self.desk.store.clock.now(), Caller("holder", principal)
        return [
            one.text
            for realm, oracle in zip(self.realms, self.oracles, strict=True)
            for one in realm.canaries
            if not await may_see(oracle, who, one, now)
        ] + self.planted


@asynccontextmanager
async def serving(urls: Urls, out: Path) -> AsyncIterator[Process]:
    """Two organisations, tokens for those who hold a role in the first, and the process."""
    store = open_store(SETTINGS, urls, SystemClock())
    desk = Desk(store, SETTINGS, Argon2Passwords())
    realms = (await build_realm(store), await build_realm(store))
    planted = [one.text for realm in realms for one in await plant(store, realm)]
    tokens = {name: await _token(desk, realms[0], name, role) for name, role in HOLDERS.items()}
    eye = await asyncpg.connect(urls.main.replace("+asyncpg", "").replace("isomod_app@", "postgres@"))
    oracles = [await Oracle(eye, store, realm.tenant).prepare() for realm in realms]
    ids = await _ids(store, realms)
    texts = [one.text for one in realms[0].canaries if one.attribute == "name"]
    words = Words(ids, ["A" * 40], texts=[*Words(ids, ids).texts, *(f"quirin{one}" for one in texts)])
    with (out / "out").open("wb") as told, (out / "err").open("wb") as logged:
        process = await asyncio.create_subprocess_exec(
            *PROGRAM,
            "serve",
            "--port",
            "0",
            env=_environment(urls),
            stdin=DEVNULL,
            stdout=told,
            stderr=logged,
        )
        try:
            address = await _ready(out / "out", process)
            async with httpx2.AsyncClient(base_url=address, timeout=30, trust_env=False) as client:
                yield Process(address, realms, (oracles[0], oracles[1]), desk, tokens, words, planted, client)
        finally:
            process.terminate()
            await process.wait()
    await eye.close()
    await store.close()


async def _token(desk: Desk, realm: Realm, name: str, role: Role | None) -> str:
    await join(desk, realm.tenant, realm[name], password=PASSWORD)
    ends = desk.store.clock.now() + timedelta(days=30)
    async with desk.store.transaction(realm.tenant, write=True) as tx:
        if role is not None:
            await give(tx, realm[name], GivenRole(role))
        made = await put_token(
            tx, label="proof", scopes=frozenset(Scope), caveats=UNRESTRICTED, expires_at=ends, person_id=realm[name]
        )  # fmt: skip
    return made.secret


async def _ids(store: Any, realms: tuple[Realm, Realm]) -> list[str]:  # noqa: ANN401  a Store
    found: list[str] = []
    codes = sorted({entity.code for entity in built()[2].entity_of_type.values()})
    for realm in realms:
        keys = await store.keystore.tenant(realm.tenant)
        found += [keys.ids.seal(code, row) for row in realm.ids.values() for code in codes]
    return found


def _environment(urls: Urls) -> dict[str, str]:
    return {
        **os.environ, "ISOMOD_DATABASE_URL": urls.main, "ISOMOD_KEYSTORE_URL": urls.keys, "ISOMOD_LOG_LEVEL": "DEBUG",
        "ISOMOD_ROOT_KEY_FILE": str(urls.root_key_file), "ISOMOD_POINTS_PER_MINUTE": "2000000000",
    }  # fmt: skip


async def _ready(out: Path, process: Served) -> str:
    for _ in range(600):
        word, _, address = (await asyncio.to_thread(out.read_text)).strip().partition(" ")
        if word == "ready":
            return address
        assert process.returncode is None, "the server did not start"
        await asyncio.sleep(0.1)
    raise TimeoutError


async def _programs(process: Process) -> dict[str, str]:
    """A token of a registered program for each set of scopes."""
    found: dict[str, str] = {}
    ends = (process.desk.store.clock.now() + timedelta(days=9)).isoformat()
    scopes = [
        "USERS_READ",
        "LOCATIONS_READ",
        "ASSETS_READ",
        "WORK_ORDERS_READ",
        "PII_IDENTITY",
        "PII_CONTACT",
    ]
    given = {"input": {"name": "ERP", "scopes": scopes, "purpose": "SERVICE", "expiresAt": ends}}
    made = await process.ask(post(REGISTER, given), process.tokens["past_requester"])
    payload = httpx2.Response(200, content=made.body).json()["data"]["registerClient"]
    assert payload["userErrors"] == []
    program = Program(process.address, payload["client"]["clientId"], payload["clientSecret"])
    reads = "users:read locations:read assets:read work_orders:read"
    for personal in PROGRAMS:
        asking = " ".join([reads, *personal])
        found[f"program {asking}"] = await asyncio.to_thread(partial(program.token, scope=asking))
    return found


async def leaks(process: Process, woven: int) -> tuple[int, list[Any]]:
    """Everybody asks, and nobody; how many requests, and what came out."""
    _, core, catalogue = built()
    said, count, found = recognisable(), 0, []
    everybody: dict[str, str | None] = {**process.tokens, **await _programs(process), "nobody": None}
    for name, token in everybody.items():
        every = [one.text for realm in process.realms for one in realm.canaries] + process.planted
        sieve = Sieve([said, *(every if token is None else await process.hidden_from(token))])
        sents = [post(cells(core, catalogue, of), {"ids": process.words.ids[:400:4]}) for of in FIELDS]
        sents += [
            post(deep(core, catalogue, tuple(FIELDS), brief=False)),
            post("{ sessions { id address userAgent } }"),
        ]
        sents += [post(text.format(said)) for text in (*WRONG[::3], *KNOCKS[-2:])]
        sents += list(doors(said))[:: 1 if token is None else 9]
        for seed in range(woven):
            random = Random(f"{name} {seed}")  # noqa: S311  no secret
            operation = Weaver(core, process.words, random, roots=EVERYTHING).operation()
            sents.append(asked(operation, operation.variables, random))
        for sent in sents:
            got = await process.ask(sent, token)
            count += 1
            found += [(name, text, sent.method, sent.path, sent.body) for text in sieve.found(got.whole)]
    return count, found


async def proven(urls: Urls, out: Path, woven: int) -> None:
    """Nothing comes out of the socket, and nothing stands in what the process wrote."""
    async with serving(urls, out) as process:
        count, found = await leaks(process, woven)
        every = [one.text for realm in process.realms for one in realm.canaries] + process.planted
    written = (out / "out").read_bytes() + (out / "err").read_bytes()

    print(count, "requests")
    assert found == []
    assert count > len(HOLDERS) * woven
    assert b"ready" in written
    assert b'"event"' in written
    assert Sieve(every).found(written) == set()


async def test_nothing_comes_out_of_the_socket_and_nothing_is_logged(own_urls: Urls, tmp_path: Path) -> None:
    await proven(own_urls, tmp_path, 5)


@pytest.mark.proof
async def test_nothing_comes_out_however_much_is_asked(own_urls: Urls, tmp_path: Path) -> None:
    await proven(own_urls, tmp_path, 50)
