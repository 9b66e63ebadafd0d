"""An export that may not go on ends in the middle: the trail says why and how many rows had left, and no more is read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
import pytest
from starlette.types import Message, Scope

from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.errors import AccessRecordUnavailable
from isomod_graphql.core.installation import Installation, Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.engine.recording import Access, Recorder
from isomod_graphql.identity.callers import Callers
from isomod_graphql.web.app import create_app
from isomod_graphql.web.auth import KnownCallers
from isomod_graphql.web.export_orders import Orders
from isomod_graphql.web.exports import LIMITS, ExportLimits, Exports
from isomod_graphql.web.graphql import DoorRules
from isomod_graphql.web.metering import PointsPerMinute
from isomod_graphql.web.sending import CutOff
from permissions.principals import Role
from tests.conftest import Cluster
from tests.web.exporting import ORDER, Entry, ask, fetched, furnish, shown, trail
from tests.web.serving import Served, add_colleague, serve

ORDERS = 210
BODY = b'{"list":"workOrders","columns":["number","requester.displayName"]}'
COLUMNS = ["WorkOrder.number", "WorkOrder.requester.displayName"]
Then = Callable[[], Awaitable[None]]


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """Rows of three pages."""
    with serve(urls, "cutoff") as running:
        furnish(running, ORDERS)
        yield running


class Client:
    """Takes what is sent; `then` happens while it takes the part with this number: 1 is the header, 2 the first page."""

    def __init__(self, token: str, at: int = 0, then: Then | None = None) -> None:
        self._token, self._at, self._then = token, at, then
        self.messages: list[Message] = []
        self.gone = asyncio.Event()
        self._asked = False

    @property
    def scope(self) -> Scope:
        sent = [(b"authorization", f"Bearer {self._token}".encode()), (b"content-type", b"application/json")]
        size = (b"content-length", str(len(BODY)).encode())
        return {
            "type": "http",
            "method": "POST",
            "path": "/export",
            "headers": [*sent, size],
            "client": ("127.0.0.1", 1),
        }

    async def receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": BODY, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.messages.append(message)
        if (
            self._then is not None
            and len(self.bodies) == self._at
            and message["type"] == "http.response.body"
        ):
            await self._then()

    @property
    def bodies(self) -> list[bytes]:
        return [one["body"] for one in self.messages if one["type"] == "http.response.body"]

    @property
    def rows(self) -> int:
        return b"".join(self.bodies).count(b"\r\n") - 1

    @property
    def is_whole(self) -> bool:
        return not self.messages[-1].get("more_body", False)

    @property
    def refusal(self) -> tuple[int, str]:
        error = orjson.loads(self.bodies[0])["errors"][0]
        return self.messages[0]["status"], error["extensions"]["code"]


@dataclass
class House:
    """The exports of one process, and its memory of callers."""

    exports: Exports
    callers: Callers

    async def serve(self, client: Client) -> None:
        await self.exports(client.scope, client.receive, client.send)


@asynccontextmanager
async def process(
    urls: Urls, *, limits: ExportLimits = LIMITS, points: int = 600_000, recorder: Recorder | None = None
) -> AsyncIterator[House]:
    """Another process of the product, of which only the exports are used."""
    settings, clock = Settings(pool_size=4), SystemClock()
    store = open_store(settings, urls, clock)
    parts = create_app(Installation(settings, store, clock)).state.parts
    callers = Callers(parts.desk)
    orders = Orders(parts.execution, parts.endpoint.documents)
    meter = PointsPerMinute(points, clock)
    exports = Exports(orders, KnownCallers(callers), recorder or parts.access_log, meter, DoorRules(), limits)
    yield House(exports, callers)
    await parts.access_log.close()
    await store.close()


async def ended(cluster: Cluster, product: Served) -> list[Entry]:
    """The last two entries about exports."""
    return (await asyncio.to_thread(trail, cluster, product))[-2:]


async def test_who_is_revoked_in_the_middle_gets_no_further_row(
    product: Served, urls: Urls, cluster: Cluster
) -> None:
    _, token = await asyncio.to_thread(add_colleague, urls, product, "Rita Revoked", Role.ADMIN)
    mine = (
        "UPDATE api_tokens SET revoked_at = now() WHERE tenant_id = $1 AND person_id = "
        "(SELECT person_id FROM api_tokens WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1)"
    )
    async with process(urls) as house:

        async def revoke() -> None:
            await asyncio.to_thread(fetched, cluster, mine, product.tenant)
            house.callers.forget()

        client = Client(token, at=2, then=revoke)
        with pytest.raises(CutOff):
            await house.serve(client)

    assert (client.rows, client.is_whole) == (100, False)
    assert await ended(cluster, product) == [
        Entry("BEGUN", None, COLUMNS),
        Entry("ENDED", "REVOKED 100", COLUMNS),
    ]


async def test_who_loses_a_role_in_the_middle_gets_no_further_row(
    product: Served, urls: Urls, cluster: Cluster
) -> None:
    person, token = await asyncio.to_thread(add_colleague, urls, product, "Nora Narrowed", Role.ADMIN)
    async with process(urls) as house:

        async def narrow() -> None:
            narrower = "UPDATE role_grants SET role = 'VIEWER' WHERE tenant_id = $1 AND person_id = $2"
            await asyncio.to_thread(fetched, cluster, narrower, product.tenant, person)
            house.callers.forget()

        client = Client(token, at=2, then=narrow)
        with pytest.raises(CutOff):
            await house.serve(client)

    assert client.rows == 100
    assert (await ended(cluster, product))[1] == Entry("ENDED", "REVOKED 100", COLUMNS)


async def test_who_has_no_points_left_in_the_middle_gets_no_further_row(
    product: Served, urls: Urls, cluster: Cluster
) -> None:
    async with process(urls, points=40) as house:
        client = Client(product.token)
        with pytest.raises(CutOff):
            await house.serve(client)

    assert client.rows == 100
    assert (await ended(cluster, product))[1] == Entry("ENDED", "RATE_LIMITED 100", COLUMNS)


@pytest.mark.parametrize("limits", [LIMITS._replace(stalled_s=0.1), LIMITS._replace(seconds=0.3)])
async def test_a_client_that_takes_nothing_does_not_hold_the_snapshot(
    product: Served, urls: Urls, cluster: Cluster, limits: ExportLimits
) -> None:
    async with process(urls, limits=limits) as house:
        with pytest.raises(CutOff):
            await house.serve(Client(product.token, at=2, then=lambda: asyncio.sleep(5)))

    assert (await ended(cluster, product))[1] == Entry("ENDED", "REQUEST_TIMEOUT 0", COLUMNS)


async def test_a_client_that_leaves_ends_the_work_and_the_next_export_runs(
    product: Served, urls: Urls, cluster: Cluster
) -> None:
    async with process(urls, limits=LIMITS._replace(at_once=1)) as house:
        leaver = Client(product.token, at=3)

        async def leave() -> None:
            leaver.gone.set()
            await asyncio.sleep(5)

        leaver._then = leave
        await house.serve(leaver)
        left = await ended(cluster, product)
        client = Client(product.token)
        await house.serve(client)

    assert left[1] == Entry("ENDED", "CLIENT_GONE 100", COLUMNS)
    assert (client.rows, client.is_whole) == (ORDERS, True)


async def test_every_page_is_of_one_snapshot(product: Served, urls: Urls) -> None:
    async with process(urls) as house:

        async def write() -> None:
            place = (await asyncio.to_thread(ask, product, "{ locations(first: 1) { nodes { id } } }"))[
                "locations"
            ]
            given = {"title": "Late", "locationId": place["nodes"][0]["id"]}
            await asyncio.to_thread(ask, product, ORDER, i=given)

        client, next_one = Client(product.token, at=2, then=write), Client(product.token)
        await house.serve(client)
        await house.serve(next_one)

    assert next_one.rows == client.rows + 1


class Broken:
    """A recorder that writes nothing down."""

    underway = 0

    async def record(self, access: Access) -> None:  # noqa: ARG002  the protocol gives it
        raise AccessRecordUnavailable


async def test_what_cannot_be_recorded_does_not_leave(product: Served, urls: Urls, cluster: Cluster) -> None:
    _, token = await asyncio.to_thread(add_colleague, urls, product, "Quirijn Quality", Role.QUALITY_MANAGER)
    before = await asyncio.to_thread(trail, cluster, product)
    async with process(urls, recorder=Broken()) as house:
        client = Client(token)
        await house.serve(client)

    assert client.refusal == (503, "ACCESS_RECORD_UNAVAILABLE")
    assert await asyncio.to_thread(trail, cluster, product) == before


async def test_an_export_with_too_many_rows_is_refused_before_one_leaves(
    product: Served, urls: Urls, cluster: Cluster
) -> None:
    before = await asyncio.to_thread(trail, cluster, product)
    async with process(urls, limits=LIMITS._replace(rows=200)) as house:
        client = Client(product.token)
        await house.serve(client)

    assert client.refusal == (400, "EXPORT_TOO_LARGE")
    assert await asyncio.to_thread(trail, cluster, product) == before


async def test_one_export_at_a_time_is_enough_for_one_caller(product: Served, urls: Urls) -> None:
    async with process(urls) as house:
        second = Client(product.token)

        async def again() -> None:
            await house.serve(second)

        first = Client(product.token, at=2, then=again)
        await house.serve(first)

    assert second.refusal == (503, "EXPORTS_BUSY")
    assert first.is_whole


async def test_who_is_on_every_page_is_on_record_once(product: Served, urls: Urls, cluster: Cluster) -> None:
    before = await asyncio.to_thread(shown, cluster, product)
    _, token = await asyncio.to_thread(add_colleague, urls, product, "Quinten Quality", Role.QUALITY_MANAGER)
    async with process(urls) as house:
        await house.serve(Client(token))

    assert await asyncio.to_thread(shown, cluster, product) == before + 1
