"""Both installations as one caller finds them: the first as it was built, the second with everything changed that the caller may not see."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

from isomod_graphql.identity.models import User
from tests.conftest import START
from tests.engine.agreeing import _cursor
from tests.engine.asking import Answer, Caller
from tests.engine.callers import PARTS, Part, caller_of
from tests.engine.graph import built
from tests.engine.known import FIELDS, Model
from tests.engine.oracle import Oracle
from tests.engine.realm import Realm
from tests.engine.weaving import Words
from tests.proofs.comparing import different
from tests.proofs.differing import Changes, Differing, Key, apply
from tests.proofs.grounds import Grounds, Twin, open_twin
from tests.proofs.house import Got, Sent
from tests.proofs.questions import Drawn, Vocabulary, asked, drawn

KINDS = (
    "User",
    "Contact",
    "Location",
    "Asset",
    "WorkOrder",
    "WorkOrderChange",
    "RoleAssignment",
    "Team",
    "WorkOrderSignature",
)
NONSENSE = ("", "x", "é", "nothing\n", "A" * 44)
FRESH = ("new@fresh.example", "other@fresh.example")


@dataclass(repr=False, eq=False)
class Twins:
    """The two, the oracles of the first, and whom the second was made for."""

    grounds: Grounds
    first: Twin
    second: Twin
    oracles: tuple[Oracle, Oracle]
    keys: tuple[list[Key], list[Key]]
    ids: tuple[dict[str, list[str]], dict[str, list[str]]]
    changes: dict[str, tuple[Changes, Changes]] = field(default_factory=dict)
    vocabularies: dict[str, Vocabulary] = field(default_factory=dict)
    present: str | None = None

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # noqa: ANN401  hypothesis prints what a test was given
        printer.text("twins")

    def caller(self, name: str, part: Part | None = None) -> Caller:
        """By turns of one organisation and of the other."""
        return caller_of(self.realm(name), name, part or PARTS[name], START)

    def at(self, name: str) -> int:
        return list(PARTS).index(name) % 2 if name in PARTS else 0

    def realm(self, name: str) -> Realm:
        return self.grounds.realms[self.at(name)]

    async def as_seen_by(self, who: Caller, name: str) -> None:
        """Makes the second one differ in whatever this caller may not see, and in nothing else."""
        if self.present == name:
            return
        await self._original()
        if name not in self.changes:
            found = [
                await Differing(oracle, who, START, keys).search()
                for oracle, keys in zip(self.oracles, self.keys, strict=True)
            ]
            self.changes[name] = found[0], found[1]
        for realm, oracle, changes in zip(self.grounds.realms, self.oracles, self.changes[name], strict=True):
            await apply(self.second.store, self.second.main.eye, oracle, realm.tenant, changes)
        await self.second.main.anew()
        await self.second.keys.anew()
        self.present = name

    async def _original(self) -> None:
        """The second one as the copy that it was."""
        second = self.second.main
        tables = "; ".join(
            f"DELETE FROM kept.{one}; INSERT INTO kept.{one} TABLE original.{one}" for one in second.tables
        )
        await second.eye.execute(tables)
        await second.restore()

    def vocabulary(self, who: Caller, name: str) -> Vocabulary:
        """Ids of the own organisation, of the other and of nothing; texts that somebody's values hold, here or there."""
        if name not in self.vocabularies:
            here = self.at(name)
            whole = built()[1]
            ids = [one for kind in KINDS for one in self.ids[here][kind]]
            foreign = [one for kind in KINDS for one in self.ids[1 - here][kind]][::4]
            texts = [one.text for one in self.grounds.realms[here].canaries if one.attribute == "name"]
            emails = [
                f"{one.text}@{one.text}.example"
                for one in self.grounds.realms[here].canaries
                if one.attribute == "email"
            ]
            there = [
                str(values[attribute])
                for changes in self.changes.get(name, ())
                for values in changes.values()
                for attribute in ("name", "email")
                if values.get(attribute)
            ]
            words = Words(
                [*ids, *foreign, *NONSENSE], ["A" * 40, "zz" * 30],
                texts=[*Words(ids, ids).texts, *(f"quirin{one}"[:9] for one in texts), "q", "qu", "a", *there],
                emails=[*emails, *(one for one in there if "@" in one), *FRESH],
            )  # fmt: skip
            changing = Words(
                words.ids,
                words.cursors,
                texts=("Inspect", "Other", "Again", "Twice", "T-pump", "•• ••"),
                emails=FRESH,
            )
            schema = self.first.house.parts.execution.fitting(who.principal).schema
            self.vocabularies[name] = Vocabulary(schema, whole, words, changing, self.ids[here], texts)
        return self.vocabularies[name]

    async def differences(self, who: Caller, name: str, random: Random) -> tuple[int, list[Any]]:
        """Asks both one drawn request, and with cursors of the answer again: how many requests, and what tells the two apart."""
        one = drawn(self.vocabulary(who, name), random)
        for twin in (self.first, self.second):
            # One in eight goes the other way: through the reference executor.
            twin.house.parts.execution.compiles = random_of(one) % 8 != 0
        wrong, got = await self.compared(who, name, one)
        if wrong or not one.operation.follow or got.status != 200:
            return 1, wrong
        data = Answer.of(got.body).data
        cursors = {key: _cursor(data, path, key) for key, path in one.operation.follow.items()}
        found = {key: cursor for key, cursor in cursors.items() if cursor is not None}
        if not found:
            return 1, wrong
        variables = {**one.operation.variables, **found}
        sent = asked(type(one.operation)(one.operation.text, variables), variables, random)
        wrong, _ = await self.compared(who, name, Drawn(sent, one.operation))
        return 2, wrong

    async def compared(self, who: Caller, name: str, one: Drawn) -> tuple[list[Any], Got]:
        """What the two answer; whatever a change did is undone in both."""
        got = [await self.once(twin, who, one.sent) for twin in (self.first, self.second)]
        if one.changes:
            await self.first.restore()
            await self.second.restore()
        known = frozenset(text for ids in self.ids for kind in ids.values() for text in kind)
        parts = different(got[0], got[1], changes=one.changes, known=known)
        report = [name, parts, one.sent.body.decode(), one.sent, got[0], got[1]] if parts else []
        return report, got[0]

    async def once(self, twin: Twin, who: Caller | None, sent: Sent) -> Got:
        """One request to one of them."""
        return await twin.house.ask(sent, who)


def random_of(one: Drawn) -> int:
    """A number that follows from the request."""
    return sha256(one.sent.body + one.sent.query).digest()[0]


@asynccontextmanager
async def open_twins(grounds: Grounds) -> AsyncIterator[Twins]:
    """Both, as they were built."""
    async with open_twin(grounds, 0) as first, open_twin(grounds, 1) as second:
        await second.main.begin("original")
        second.house.validate_as(first.house)
        oracles, keys, ids = [], [], []
        for realm in grounds.realms:
            oracle = await Oracle(first.main.eye, first.store, realm.tenant).prepare()
            oracles.append(oracle)
            found: list[Key] = []
            models: set[Model] = {User, *(model for model, _ in FIELDS.values())}
            for model in sorted(models, key=lambda one: one.__tablename__):
                found += [(model, row) for row in await _rows(first, realm, model)]
            for key in found:
                await oracle.row(*key)
            keys.append(found)
            ids.append(
                {
                    kind: [
                        await _global_id(first, realm, kind, row) for row in await _of(oracle, found, kind)
                    ]
                    for kind in KINDS
                }
            )
        yield Twins(grounds, first, second, (oracles[0], oracles[1]), (keys[0], keys[1]), (ids[0], ids[1]))


async def _rows(twin: Twin, realm: Realm, model: Model) -> list[UUID]:
    query = f"SELECT id FROM {model.__tablename__} WHERE tenant_id = $1 ORDER BY id"
    return [row["id"] for row in await twin.main.eye.fetch(query, realm.tenant)]


async def _of(oracle: Oracle, keys: list[Key], kind: str) -> list[UUID]:
    rows = [row for model, row in keys if model is FIELDS[kind][0]]
    if kind not in {"User", "Contact"}:
        return rows
    return [row for row in rows if await oracle.is_member(row) is (kind == "User")]


async def _global_id(twin: Twin, realm: Realm, kind: str, row: UUID) -> str:
    keys = await twin.store.keystore.tenant(realm.tenant)
    return keys.ids.seal(built()[2].entity_of_type[kind].code, row)
