"""Letters from the event to the mailbox: to whom, in which language, with a link that works; nothing lost, nothing kept, nobody disturbed."""

import re
from collections.abc import Sequence
from datetime import timedelta
from email.message import EmailMessage
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.events import OutboxRow, tell
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.email_changes import request_email_change
from isomod_graphql.identity.memberships import deactivate_user
from isomod_graphql.identity.recovery import request_password_reset, reset_password
from isomod_graphql.jobs.queue import Outcome, Queue
from isomod_graphql.jobs.wiring import product_consumers
from isomod_graphql.notifications.handlers import Post
from isomod_graphql.notifications.mail import SmtpMail
from isomod_graphql.subjects.facts import ERASED, restriction_bits
from isomod_graphql.subjects.models import Person
from permissions.categories import Category
from permissions.principals import Role
from tests.identity.conftest import PASSWORD, CountingPasswords, House, found_house
from tests.notifications.postbox import Postbox, open_postbox

NEW_PASSWORD = "harbour-tulip-engine-64"


@pytest.fixture
async def house(store: Store, clock: SettableClock) -> House:
    """An organisation whose earlier mail is out of the way."""
    made = await found_house(Desk(store, Settings(), CountingPasswords()), "letters")
    await forget_events(store, made.tenant_id, PLATFORM_TENANT)
    return made


async def forget_events(store: Store, *tenants: UUID) -> None:
    """What was told so far concerns no test after this."""
    for tenant in tenants:
        async with store.transaction(tenant, write=True) as tx:
            past = {"state": "DONE", "done_at": tx.now}
            await tx.run(update(OutboxRow).where(OutboxRow.tenant_id == tenant).values(past))


class Worker:
    """Delivers the events of one organisation and of the platform over SMTP."""

    def __init__(self, house: House, port: int) -> None:
        """To the server at this port."""
        transport = SmtpMail(f"smtp://127.0.0.1:{port}", "IsoMod <a@isomod.example>", house.store.clock)
        self.queue = Queue(house.store, product_consumers(Post(transport, "https://isomod.example/")))
        self.tenants = {house.tenant_id, PLATFORM_TENANT}

    async def work(self) -> list[Outcome]:
        """One attempt at each event that is due."""
        due = [waiting for waiting in await self.queue.due(5_000) if waiting.tenant_id in self.tenants]
        return [await self.queue.deliver(waiting) for waiting in due]


def token_in(mail: EmailMessage, action: str) -> str:
    """The secret of the only link."""
    (found,) = re.findall(rf"https://isomod\.example/account/{action}#token=(\S+)", mail.get_content())
    return str(found)


def subjects(box: Postbox) -> Sequence[tuple[str, str]]:
    """To whom which mail went."""
    return [(str(mail["To"]), str(mail["Subject"])) for mail in box.mails]


async def test_a_reset_arrives_at_its_address_and_its_link_works(house: House) -> None:
    await request_password_reset(house.desk, email=house.founder_email)
    async with open_postbox() as box:
        assert await Worker(house, box.port).work() == [Outcome.DONE]

    (mail,) = box.mails
    assert box.recipients == [[house.founder_email]]
    await reset_password(house.desk, secret=token_in(mail, "reset-password"), new=NEW_PASSWORD)
    await house.enter(password=NEW_PASSWORD)


async def test_a_reset_for_an_unknown_address_sends_nothing(house: House) -> None:
    await request_password_reset(house.desk, email="stranger@nowhere.example")
    async with open_postbox() as box:
        assert await Worker(house, box.port).work() == [Outcome.DONE]

    assert box.mails == []


async def test_an_invitation_names_the_organisation_in_the_language_of_the_person(house: House) -> None:
    person = await house.invite("jan@acme.example", Role.TECHNICIAN)
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        await tx.reseal(Person, person, {"locale": "fr-BE"})
    async with open_postbox() as box:
        await Worker(house, box.port).work()

    assert subjects(box) == [("jan@acme.example", "Vous êtes invité à utiliser IsoMod")]
    (mail,) = box.mails
    assert f"{house.slug.title()} vous invite" in mail.get_content()
    assert len(token_in(mail, "accept-invitation")) >= 32


async def test_a_new_address_is_confirmed_at_the_new_and_told_at_the_old(house: House) -> None:
    principal = await house.stepped_up()
    new = f"new-{house.founder_email}"
    await request_email_change(house.desk, principal, new_email=new)
    async with open_postbox() as box:
        await Worker(house, box.port).work()

    assert sorted(to for to, _subject in subjects(box)) == sorted([house.founder_email, new])
    by_address = {str(mail["To"]): mail.get_content() for mail in box.mails}
    assert "#token=" in by_address[new]
    assert "token" not in by_address[house.founder_email]


async def test_who_loses_access_is_told(house: House) -> None:
    person = await house.member("jan@leaver.example", Role.TECHNICIAN)
    await forget_events(house.store, house.tenant_id, PLATFORM_TENANT)
    viewer = await house.viewer()
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        await deactivate_user(tx, viewer, person_id=person)
    async with open_postbox() as box:
        await Worker(house, box.port).work()

    assert [to for to, _subject in subjects(box)] == ["jan@leaver.example"]


@pytest.mark.parametrize("flags", [ERASED, restriction_bits([Category.CONTACT])])
async def test_the_erased_and_the_restricted_get_no_mail(house: House, flags: int) -> None:
    invited = await house.invite("jan@quiet.example", Role.TECHNICIAN)
    async with house.store.transaction(house.tenant_id, write=True) as tx:
        people = (Person.tenant_id == tx.tenant_id, Person.id.in_([invited, house.founder_id]))
        await tx.run(update(Person).where(*people).values(flags=flags))
        await tell(tx, "identity.membership_ended", person_id=invited)
    await request_password_reset(house.desk, email=house.founder_email)
    async with open_postbox() as box:
        assert await Worker(house, box.port).work() == [Outcome.DONE] * 3

    assert box.mails == []


async def test_nothing_is_lost_while_the_mail_server_is_away_for_a_day(
    house: House, clock: SettableClock
) -> None:
    async with open_postbox() as box:
        pass
    worker, start = Worker(house, box.port), clock.now()
    for _ in range(5):
        await request_password_reset(house.desk, email=house.founder_email)
    outcomes = []
    while clock.now() < start + timedelta(days=1):
        outcomes += await worker.work()
        clock.advance(timedelta(minutes=30))
    assert set(outcomes) == {Outcome.AGAIN}
    assert len(outcomes) > 80

    async with open_postbox(box):
        for _ in range(4):
            await worker.work()
            clock.advance(timedelta(minutes=30))

    assert [to for to, _subject in subjects(box)] == [house.founder_email] * 5


async def test_a_server_that_defers_the_recipient_for_an_hour_gets_the_letter_in_the_end(
    house: House, clock: SettableClock
) -> None:
    await request_password_reset(house.desk, email=house.founder_email)
    async with open_postbox() as box:
        worker, box.answer = Worker(house, box.port), "451"
        for _ in range(60):
            await worker.work()
            clock.advance(timedelta(minutes=1))
        box.answer = None
        for _ in range(180):
            await worker.work()
            clock.advance(timedelta(minutes=1))

    (mail,) = box.mails
    assert token_in(mail, "reset-password")


async def test_no_personal_value_is_in_the_outbox_or_the_log(
    house: House, owner_eye: asyncpg.Connection
) -> None:
    await house.invite("canary-8812@acme.example", Role.TECHNICIAN)
    await request_password_reset(house.desk, email=house.founder_email)
    with capture_logs() as logs:
        async with open_postbox() as box:
            box.answer = "451"
            await Worker(house, box.port).work()

    rows = await owner_eye.fetch(
        "SELECT o::text FROM outbox o WHERE tenant_id = ANY ($1)", [house.tenant_id, PLATFORM_TENANT]
    )
    said = "\n".join([*(row[0] for row in rows), str(logs)]).lower()
    assert len(logs) >= 2
    assert [word for word in ("canary", "founder@", "acme", "token=", PASSWORD) if word in said] == []
