"""What a caller may not see, and where it came out all the same: in an answer, a log, a statement or a record. It believes the oracles and nobody else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from isomod_graphql.subjects.models import Person
from tests.conftest import START
from tests.engine.asking import Caller
from tests.engine.callers import Part
from tests.engine.oracle import FIELDS, Oracle
from tests.engine.realm import Canary, recognisable
from tests.proofs.house import Got, Sent
from tests.proofs.planted import stored_bytes
from tests.proofs.questions import Drawn
from tests.proofs.sieve import Sieve
from tests.proofs.twins import Twins

RECORDS: Final = (
    *("outbox", "notices", "idempotency_keys", "audit_entries", "access_records", "access_days", "counters"),
    *("schedules", "schedule_runs", "role_grants", "erasure_certificates", "consents", "tenants", "teams"),
)
"""Tables in which no text of a person may stand, in no coding."""


@dataclass(frozen=True)
class Leak:
    """A text that came out."""

    where: str
    what: str
    sent: Sent | None = None
    body: bytes = b""


async def may_see(oracle: Oracle, who: Caller, one: Canary, now: datetime = START) -> bool:
    """Whether this value is shown to the caller raw."""
    of, name = await coordinate(oracle, one)
    seen = await oracle.seen(who.principal, now, of, one.row, name)
    return seen is not None and seen.raw


async def coordinate(oracle: Oracle, one: Canary) -> tuple[str, str]:
    """The type and the field that show the value."""
    names = [of for of, (model, _) in FIELDS.items() if model is one.model] or ["User"]
    if one.model is Person:
        names = ["User" if await oracle.is_member(one.row) else "Contact"]
    fields = FIELDS[names[0]][1]
    shown = [
        name for name, field in fields.items() if field.attribute == one.attribute and name != "displayName"
    ]
    return names[0], shown[0]


@dataclass
class Watch:
    """Over one caller."""

    twins: Twins
    who: Caller
    name: str
    hidden: Sieve
    everything: Sieve
    names: Mapping[str, str]
    said: str
    """A text that the caller sends in wrong places: no answer and no log repeats it."""
    leaks: list[Leak] = field(default_factory=list)
    asked: int = 0
    log: str = field(default="", repr=False)

    @classmethod
    async def over(cls, twins: Twins, name: str, part: Part | None = None) -> "Watch":
        """Looks for what the oracles say that this caller may not see, in both organisations."""
        who = twins.caller(name, part)
        hidden = [one.text for realm, oracle in zip(twins.grounds.realms, twins.oracles, strict=True)
                  for one in realm.canaries if not await may_see(oracle, who, one)]  # fmt: skip
        planted = [one.text for one in twins.grounds.planted]
        every = [*(one.text for realm in twins.grounds.realms for one in realm.canaries), *planted]
        raw = await stored_bytes(twins.first.main.eye)
        # A global id begins with the organisation's, which is no row of anybody's: the program of a realm has the same.
        rows = {row for realm in twins.grounds.realms for row in realm.ids.values() if row != realm.tenant}
        ids, dashed = {row.bytes: "raw id" for row in rows}, [str(row) for row in rows]
        said = recognisable()
        names = {
            **{one.text: f"{one.model.__tablename__}.{one.attribute}" for realm in twins.grounds.realms for one in realm.canaries},
            **{one.text: f"{one.table}.{one.attribute}" for one in twins.grounds.planted},
            **{one.hex(): ".".join(place) for one, place in raw.items()},
            **{one.hex(): "raw id" for one in ids}, said: "what was sent",
        }  # fmt: skip
        return cls(
            twins, who, name, Sieve([*hidden, *planted, said, *dashed], [*raw, *ids]), Sieve([*every, said], raw), names, said
        )  # fmt: skip

    async def ask(self, sent: Sent, *, changes: bool = False, known: bool = True) -> Got:
        """Asks the first installation, and looks through all that comes back and all that the database was asked."""
        got = await self.twins.first.house.ask(sent, self.who if known else None)
        return await self.judge(sent, got, changes=changes)

    async def judge(self, sent: Sent, got: Got, *, changes: bool = False) -> Got:
        """Looks through what came back for this request."""
        house = self.twins.first.house
        self.asked += 1
        found = self.hidden.found(got.whole)
        if found and changes:
            found = await self._still_hidden(found)
        self.leaks += [Leak("answer", f"{self.names.get(one, one)} {one}", sent, got.whole) for one in found]
        self._look("statement", "\n".join(house.texts).encode())
        if changes:
            await self.twins.first.restore()
        return got

    async def _still_hidden(self, found: set[str]) -> set[str]:
        """Whoever was put on an order by this very change may see more in its answer."""
        twins, shown = self.twins, set()
        for realm in twins.grounds.realms:
            oracle = await Oracle(twins.first.main.eye, twins.first.store, realm.tenant).prepare()
            for one in realm.canaries:
                if one.text in found and await may_see(oracle, self.who, one):
                    shown.add(one.text)
        return found - shown

    def _look(self, where: str, data: bytes) -> None:
        self.leaks += [
            Leak(where, self.names.get(one, one), body=data) for one in self.everything.found(data)
        ]

    async def draw(self, one: Drawn) -> Got:
        """As `ask`."""
        return await self.ask(one.sent, changes=one.changes)

    def read_log(self, text: str) -> None:
        """Looks through a log: nobody's text may stand in it, not even what its reader may see elsewhere."""
        self.log = text
        self._look("log", text.encode())

    async def read_records(self) -> None:
        """Looks through what was written down: the trail, the outbox, notices, and what the server says it is doing."""
        eye = self.twins.first.main.eye
        for table in RECORDS:
            rows = await eye.fetch(f"SELECT t::text FROM {table} t")
            self._look(table, "\n".join(row[0] for row in rows).encode())
        busy = await eye.fetch(
            "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        self._look("pg_stat_activity", "\n".join(row[0] for row in busy).encode())


def told(leaks: Iterable[Leak]) -> list[Any]:
    """For the message of a failed test: where, what and the request."""
    return sorted(
        {(one.where, one.what, one.sent.body.decode("latin-1")[:2000] if one.sent else "") for one in leaks}
    )[:20]
