"""Work goes on for as long as somebody waits: it is cancelled when the client leaves or the time is over, and nothing is left behind."""

import asyncio
from collections.abc import Awaitable

import pytest
from starlette.types import Message

from isomod_graphql.core.errors import IsoModError
from isomod_graphql.web.arrival import UNWATCHED_S, ClientGone, Patience
from isomod_graphql.web.facts import HttpFacts
from isomod_graphql.web.refusals import BodyTimeout, BodyTooLarge, RequestTimeout

NO_FACTS = HttpFacts({"path": "/", "headers": []}, "session")


class Client:
    """Sends what it was given, then nothing until it leaves; notes what it is told late and who listens."""

    def __init__(self, *messages: Message) -> None:
        self.messages = list(messages)
        self.left = asyncio.Event()
        self.told: list[str] = []
        self.listeners = 0

    async def receive(self) -> Message:
        if self.messages:
            return self.messages.pop(0)
        self.listeners += 1
        try:
            await self.left.wait()
        finally:
            self.listeners -= 1
        return {"type": "http.disconnect"}

    async def tell(self, refusal: IsoModError) -> None:
        self.told.append(refusal.code)

    def patience(self, timeout_s: float = 10.0, grace_s: float = 5.0) -> Patience:
        return Patience(self.receive, timeout_s, self.tell, grace_s)


class Work:
    """Goes on for ever, and notes that it was stopped; stubborn work takes its time to stop."""

    def __init__(self, stubborn_s: float = 0.0) -> None:
        self.stubborn_s = stubborn_s
        self.stopped = 0
        self.begun = asyncio.Event()

    async def run(self) -> str:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.stopped += 1
            await asyncio.sleep(self.stubborn_s)
            raise
        return "never"


def part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def cancellations() -> int:
    task = asyncio.current_task()
    return task.cancelling() if task else -1


async def served(client: Client, patience: Patience, work: Awaitable[str]) -> str:
    try:
        return await patience.finish(work)
    finally:
        patience.end()
        await asyncio.sleep(0)
        assert client.listeners == 0


async def test_work_that_is_quickly_done_starts_no_task() -> None:
    client, before = Client(), len(asyncio.all_tasks())
    seen: list[int] = []

    async def work() -> str:
        await asyncio.sleep(0)
        seen.append(len(asyncio.all_tasks()))
        return "done"

    assert await served(client, client.patience(), work()) == "done"
    assert seen == [before]


async def test_a_client_that_leaves_stops_the_work() -> None:
    client, work = Client(), Work()
    asyncio.get_running_loop().call_later(UNWATCHED_S * 2, client.left.set)

    with pytest.raises(ClientGone):
        await served(client, client.patience(), work.run())

    assert (work.stopped, cancellations(), client.told) == (1, 0, [])


async def test_a_client_that_left_before_it_was_watched_is_noticed_too() -> None:
    client, work = Client(), Work()
    client.left.set()

    with pytest.raises(ClientGone):
        await served(client, client.patience(), work.run())

    assert work.stopped == 1


async def test_work_whose_time_is_over_is_stopped() -> None:
    client, work = Client(), Work()

    with pytest.raises(RequestTimeout):
        await served(client, client.patience(timeout_s=0.05), work.run())

    assert (work.stopped, cancellations(), client.told) == (1, 0, [])


async def test_an_answer_to_work_that_does_not_stop_leaves_after_the_grace() -> None:
    client, work = Client(), Work(stubborn_s=0.2)

    with pytest.raises(ClientGone):
        await served(client, client.patience(timeout_s=0.05, grace_s=0.05), work.run())

    assert (work.stopped, client.told) == (1, ["REQUEST_TIMEOUT"])


async def test_what_work_says_after_it_was_cancelled_does_not_count() -> None:
    client = Client()

    async def stubborn() -> str:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            return "nevertheless"
        return "late"

    async def failing() -> str:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            raise ValueError from None
        return "late"

    for work in (stubborn, failing):
        with pytest.raises(RequestTimeout):
            await served(client, client.patience(timeout_s=0.03), work())
    assert cancellations() == 0


async def test_a_request_that_is_cancelled_from_outside_stays_cancelled() -> None:
    client, work = Client(), Work()

    async def request() -> str:
        return await served(client, client.patience(), work.run())

    serving = asyncio.ensure_future(request())
    await work.begun.wait()
    await asyncio.sleep(UNWATCHED_S * 2)
    serving.cancel()

    with pytest.raises(asyncio.CancelledError):
        await serving
    assert work.stopped == 1


async def test_a_body_is_put_together_and_a_slow_one_leaves_the_work_its_own_time() -> None:
    client = Client(part(b"{", more=True), part(b"}", more=False))
    patience = client.patience(timeout_s=0.1)

    body = await patience.read_body(NO_FACTS, 2)
    await asyncio.sleep(0.15)

    async def work() -> str:
        await asyncio.sleep(0.05)
        return "done"

    assert (body, await served(client, patience, work())) == (b"{}", "done")


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    client = Client(part(b"{", more=True))
    patience = client.patience(timeout_s=0.05)

    with pytest.raises(BodyTimeout):
        await patience.read_body(NO_FACTS, 10)

    patience.end()
    assert cancellations() == 0


@pytest.mark.parametrize("announced", ["11", "ten", "-1", "9" * 16, "²"])
async def test_a_length_that_is_too_much_is_refused_before_anything_is_read(announced: str) -> None:
    client = Client(part(b"{}", more=False))
    patience = client.patience()
    facts = HttpFacts({"path": "/", "headers": [(b"content-length", announced.encode("latin-1"))]}, "session")

    with pytest.raises(BodyTooLarge):
        await patience.read_body(facts, 10)

    patience.end()
    assert len(client.messages) == 1


async def test_a_body_that_is_longer_than_announced_is_not_read_to_its_end() -> None:
    client = Client(part(b"x" * 6, more=True), part(b"x" * 6, more=True), part(b"x", more=False))
    patience = client.patience()

    with pytest.raises(BodyTooLarge):
        await patience.read_body(NO_FACTS, 10)

    patience.end()
    assert len(client.messages) == 1
