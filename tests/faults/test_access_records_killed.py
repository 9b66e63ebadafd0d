"""Policy and GDPR article 5(2): a server that is killed under load has a durable record for every answer that anybody received."""

import asyncio
import random
import signal
import time
from uuid import UUID

import asyncpg
import pytest

from isomod_graphql.core.installation import Urls
from isomod_graphql.core.settings import Settings
from permissions.principals import Role
from tests.audit.accesses import CONTACT, IDENTITY
from tests.faults.serving import Killable, Reader, start_reading
from tests.web.serving import Served, _found, add_colleague

KILLS = 20
READERS = 4
QUERY = "{ users(first: 20) { nodes { name email } } }"

Records = dict[bytes, tuple[UUID, frozenset[bytes]]]


async def recorded(urls: Urls, tenant: UUID) -> Records:
    """By document: who saw it and whose names and addresses were in it."""
    owner = await asyncpg.connect(urls.main_owner.replace("+asyncpg", ""))
    async with owner.transaction():
        await owner.execute(f"SET LOCAL app.tenant_id = '{tenant}'")
        rows = await owner.fetch(
            "SELECT operation, viewer_id, subjects FROM access_records WHERE tenant_id = $1 AND categories = $2",
            tenant,
            IDENTITY | CONTACT,
        )
    await owner.close()
    found: dict[bytes, tuple[UUID, frozenset[bytes]]] = {}
    for operation, viewer, subjects in rows:
        ids = frozenset(subjects[n : n + 16] for n in range(0, len(subjects), 16))
        assert operation not in found, "an answer is recorded once"
        found[operation] = (UUID(bytes=viewer.bytes), ids)
    return found


def test_the_name_of_a_colleague_is_recorded_before_it_is_told(own_urls: Urls) -> None:
    people, readers = staffed(own_urls)
    server = Killable.start(own_urls)
    threads = start_reading(readers, server.address)
    while not all(reader.received for reader in readers):
        time.sleep(0.01)

    code = server.kill()
    for thread in threads:
        thread.join(20)

    assert code == -signal.SIGKILL
    assert unrecorded(own_urls, people, readers) == []


@pytest.mark.proof
def test_no_answer_that_was_received_lacks_its_record_after_twenty_kills(own_urls: Urls) -> None:
    people, readers = staffed(own_urls)
    chance = random.Random(20)  # noqa: S311  spreads the kills over the work of a request
    codes = []
    for kill in range(1, KILLS + 1):
        server = Killable.start(own_urls)
        before = [len(reader.received) for reader in readers]
        threads = start_reading(readers, server.address)
        while not all(len(reader.received) > n for reader, n in zip(readers, before, strict=True)):
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.3))
        codes.append(server.kill())
        for thread in threads:
            thread.join(20)
        assert [reader.cut_off for reader in readers] == READERS * [kill]

    missing = unrecorded(own_urls, people, readers)

    print(
        f"{sum(len(reader.received) for reader in readers)} answers received, {len(missing)} without a record"
    )
    assert codes == KILLS * [-signal.SIGKILL]
    assert missing == []
    assert [reader.refused for reader in readers] == READERS * [[]]


def staffed(urls: Urls) -> tuple[list[UUID], list[Reader]]:
    """An organisation and those of it who read about each other: their ids in the order of the readers."""
    tenant, admin, token = asyncio.run(_found(Settings(pool_size=2), urls, "killed"))
    served = Served("", tenant, admin, token)
    colleagues = [
        add_colleague(urls, served, f"{name} Janssens", Role.MANAGER) for name in ("Bo", "Cas", "Dirk")
    ]
    members = [(admin, token), *colleagues]
    return [tenant, *(person for person, _ in members)], [Reader(secret, QUERY) for _, secret in members]


def unrecorded(urls: Urls, people: list[UUID], readers: list[Reader]) -> list[bytes]:
    """The documents whose answer was received and whose record is not there, or does not name the reader and all others."""
    tenant, *members = people
    records = asyncio.run(recorded(urls, tenant))
    missing = []
    for person, reader in zip(members, readers, strict=True):
        others = frozenset(one.bytes for one in members if one != person)
        for document, names in reader.received.items():
            assert len(names) == len(members)
            if records.get(document) != (person, others):
                missing.append(document)
    return missing
