"""What a stream holds is bounded and given back: a client that takes nothing is let go, one that leaves leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
from sqlalchemy import make_url

from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.errors import ServiceUnavailable
from isomod_graphql.core.events import News, tell
from isomod_graphql.core.hearing import Ear
from isomod_graphql.core.installation import Installation, Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.engine.telling import Topic
from isomod_graphql.locations.input import NewLocation
from isomod_graphql.locations.service import create_location
from isomod_graphql.subjects.service import create_person
from isomod_graphql.web.app import create_app
from isomod_graphql.web.refusals import SubscriptionInterrupted, TooManySubscriptions
from isomod_graphql.web.subscribers import Seat, StreamBounds, Subscribers
from isomod_graphql.web.wire import ABORT
from isomod_graphql.work_orders.input import NewWorkOrder
from isomod_graphql.work_orders.service import create_work_order
from permissions.principals import NOBODY, Principal, Role
from tests.people import viewer_of
from tests.web.listening import COMPLETE, NEXT, READY
from tests.web.serving import _found

TENANT = UUID(int=1)
SOMEBODY = Principal(kind="PERSON", tenant_id=TENANT, person_id=UUID(int=2), account_id=UUID(int=3))
BODY = orjson.dumps({"query": "subscription { workOrderChanged { title description } }"})


def told(number: int, tenant: UUID = TENANT) -> News:
    return News(tenant, "work_order.updated", {"work_order_id": UUID(int=number)})


def nobody_forgotten() -> None:
    """Nothing is remembered here."""


def test_changes_of_a_row_that_was_not_read_yet_are_one() -> None:
    seat = Seat(SOMEBODY, Topic(TENANT, "work_order"))

    for number in (1, 2, 1, 1):
        seat.hear(told(number), 2)
    seat.hear(told(9, UUID(int=8)), 2)

    assert (list(seat.due), seat.ending) == ([UUID(int=1), UUID(int=2)], None)


def test_a_stream_that_cannot_read_as_fast_as_things_change_is_told_that_it_missed_some() -> None:
    seat = Seat(SOMEBODY, Topic(TENANT, "work_order"))

    for number in (1, 2, 3):
        seat.hear(told(number), 2)

    assert (list(seat.due), type(seat.ending)) == ([UUID(int=1), UUID(int=2)], SubscriptionInterrupted)


async def test_places_are_counted_per_caller_and_in_all_and_given_back(store: Store, urls: Urls) -> None:
    bounds = StreamBounds(per_caller=1, per_process=2)
    subscribers = Subscribers(Ear(make_url(urls.main), store.main), nobody_forgotten, bounds)
    other = Principal(kind="CLIENT", tenant_id=TENANT, client_id=UUID(int=4))

    with subscribers.seat(SOMEBODY):
        with pytest.raises(TooManySubscriptions), subscribers.seat(SOMEBODY):
            pass
        with subscribers.seat(other):
            assert len(subscribers) == 2
            with pytest.raises(ServiceUnavailable), subscribers.seat(NOBODY):
                pass
    with subscribers.seat(SOMEBODY):
        assert len(subscribers) == 1
    subscribers.drain()
    with pytest.raises(ServiceUnavailable), subscribers.seat(SOMEBODY):
        pass

    assert len(subscribers) == 0


async def test_a_database_that_cannot_be_heard_refuses_subscribers(store: Store) -> None:
    deaf = Ear(make_url("postgresql+asyncpg://isomod_app@127.0.0.1:1/nothing"), store.main)
    subscribers = Subscribers(deaf, nobody_forgotten)

    with subscribers.seat(SOMEBODY) as seat, pytest.raises(ServiceUnavailable):
        await subscribers.hear(seat, Topic(TENANT, "work_order"))
    await subscribers.close()

    assert len(subscribers) == 0


@dataclass
class Connection:
    """A client of the application below HTTP: it may stop taking what is sent, and hang up."""

    takes: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    messages: list[dict[str, Any]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    body: bytes = BODY
    _asked: bool = False

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:  # noqa: ANN401  ASGI's message
        if message["type"] == "http.response.body":
            await self.takes.wait()
        self.messages.append(dict(message))
        self.came.set()

    async def until(self, number: int) -> None:
        """So many messages came."""
        async with asyncio.timeout(10):
            while len(self.messages) < number:
                self.came.clear()
                await self.came.wait()


@dataclass
class House:
    """The application in this loop, an organisation, and a work order that can be changed."""

    app: Any
    store: Store
    token: str
    tenant: UUID
    admin: UUID
    place: UUID

    def open(self, connection: Connection) -> "asyncio.Task[None]":
        """A request to subscribe."""
        sent = {
            "host": "127.0.0.1",
            "authorization": f"Bearer {self.token}",
            "content-type": "application/json",
            "accept": "text/event-stream",
        }
        scope = {
            "type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "scheme": "http",
            "client": ("127.0.0.1", 1), "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        }  # fmt: skip
        return asyncio.create_task(self.app(scope, connection.receive, connection.send))

    async def change(self, number: int) -> None:
        """So many changes, each of another order and in a transaction of its own."""
        admin = viewer_of(self.tenant, self.admin, Role.ADMIN, now=datetime.now(UTC))
        for at in range(number):
            async with self.store.transaction(self.tenant, write=True) as tx:
                await create_work_order(
                    tx, admin, given=NewWorkOrder(title=f"Order {at}", location_id=self.place)
                )

    @property
    def subscribers(self) -> Subscribers:
        found: Subscribers = self.app.state.parts.subscribers
        return found


@pytest.fixture
async def house(urls: Urls) -> AsyncIterator[House]:
    """In this loop, so that its tasks can be counted."""
    settings, clock = Settings(pool_size=4, public_url="http://127.0.0.1"), SystemClock()
    tenant, admin, token = await _found(settings, urls, f"bounded-{uuid4().hex[:12]}")
    store = open_store(settings, urls, clock)
    async with store.transaction(tenant, write=True) as tx:
        viewer = viewer_of(tenant, admin, Role.ADMIN, now=datetime.now(UTC))
        place = await create_location(tx, viewer, given=NewLocation(name="Gent"))
    app = create_app(Installation(settings, store, clock))
    yield House(app, store, token, tenant, admin, place)
    await app.state.parts.subscribers.close()
    await app.state.parts.access_log.close()
    await store.close()


def bodies(connection: Connection) -> list[bytes]:
    return [message["body"] for message in connection.messages if "body" in message]


def title(number: int) -> bytes:
    return NEXT + b'{"data":{"workOrderChanged":{"title":"Order %d","description":null}}}\n\n' % number


async def test_a_client_that_leaves_leaves_no_task_no_place_and_no_listener(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    before, client = asyncio.all_tasks(), Connection()
    client.takes.set()
    stream = house.open(client)
    await client.until(2)
    await house.change(1)
    await client.until(3)

    client.left.set()
    await stream
    await house.subscribers.close()
    async with asyncio.timeout(3):
        while asyncio.all_tasks() - before:  # noqa: ASYNC110  the reading connection is given back
            await asyncio.sleep(0.01)

    assert (bodies(client), len(house.subscribers)) == ([READY, title(0)], 0)
    assert (
        await owner_eye.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'isomod live' AND datname = current_database()"
        )
        == 0
    )


async def test_a_client_that_leaves_stops_the_statement_of_its_event(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    client, waiting = (
        Connection(),
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'work_orders'::regclass",
    )
    client.takes.set()
    stream = house.open(client)
    await client.until(2)
    async with owner_eye.transaction():
        await owner_eye.execute("LOCK TABLE work_orders IN ACCESS EXCLUSIVE MODE")
        async with house.store.transaction(house.tenant, write=True) as tx:
            await tell(tx, "work_order.updated", work_order_id=house.place)
        async with asyncio.timeout(5):
            while await owner_eye.fetchval(waiting) != 1:  # noqa: ASYNC110  the database offers no event
                await asyncio.sleep(0.02)

        client.left.set()
        await asyncio.wait_for(stream, 3)

        async with asyncio.timeout(3):
            while await owner_eye.fetchval(waiting) != 0:  # noqa: ASYNC110  as above
                await asyncio.sleep(0.02)
    assert (bodies(client), len(house.subscribers)) == ([READY], 0)


@pytest.mark.parametrize("bounds", [{"frames": 2}, {"frame_bytes": 250}])
async def test_a_client_that_takes_too_little_is_told_that_it_is_too_slow(
    house: House, bounds: dict[str, int]
) -> None:
    """One answer is on its way, two wait, and there is no room for a fourth."""
    client = Connection()
    house.subscribers.bounds = replace(house.subscribers.bounds, **bounds)
    client.takes.set()
    stream = house.open(client)
    await client.until(2)
    client.takes.clear()

    await house.change(4)
    await asyncio.sleep(0.5)
    client.takes.set()
    await asyncio.wait_for(stream, 5)

    end = b'{"errors":[{"message":"Too much waits to be read. Subscribe again.","extensions":{"code":"SUBSCRIBER_TOO_SLOW"}}]}\n\n'
    assert bodies(client) == [READY, title(0), NEXT + end + COMPLETE]
    assert client.messages[-1]["more_body"] is False


async def test_the_connection_of_a_client_that_takes_nothing_is_cut(house: House) -> None:
    client = Connection()
    house.subscribers.bounds = replace(house.subscribers.bounds, send_s=0.2)
    client.takes.set()
    stream = house.open(client)
    await client.until(2)
    client.takes.clear()

    await house.change(1)
    await asyncio.wait_for(stream, 5)

    assert [message["type"] for message in client.messages] == [
        "http.response.start",
        "http.response.body",
        ABORT,
    ]
    assert len(house.subscribers) == 0


async def test_an_answer_that_cannot_be_recorded_does_not_leave_and_ends_the_stream(house: House) -> None:
    query = "subscription { workOrderChanged { title requester { name } } }"
    client = Connection(body=orjson.dumps({"query": query}))
    client.takes.set()
    stream = house.open(client)
    await client.until(2)
    await house.app.state.parts.access_log.close()

    async with house.store.transaction(house.tenant, write=True) as tx:
        person = await create_person(tx, kind="REQUESTER", values={"name": "Rita Maes", "locale": "en"})
    admin = viewer_of(house.tenant, house.admin, Role.ADMIN, now=datetime.now(UTC))
    async with house.store.transaction(house.tenant, write=True) as tx:
        given = NewWorkOrder(title="Secret", location_id=house.place, requester_id=person)
        await create_work_order(tx, admin, given=given)
    await asyncio.wait_for(stream, 5)

    assert b"ACCESS_RECORD_UNAVAILABLE" in bodies(client)[-1]
    assert [body for body in bodies(client) if b"Rita" in body or b"Secret" in body] == []
