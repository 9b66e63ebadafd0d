"""Consumers that write mail: the letter is made when it is sent, from what the records say then. Refuses to write to the erased and the restricted."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import select

from isomod_graphql.core.errors import IsoModError, KeyDestroyed
from isomod_graphql.core.events import Event, Outside
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Store
from isomod_graphql.identity.letters import Write
from isomod_graphql.identity.models import AccountToken
from isomod_graphql.identity.one_use import LetterKind
from isomod_graphql.identity.sessions import memberships_of
from isomod_graphql.notifications.mail import Mail, MailTransport
from isomod_graphql.notifications.notices import may_notify
from isomod_graphql.notifications.templates import MailKind, language_of, render
from isomod_graphql.organisations.models import Tenant
from isomod_graphql.subjects.models import Person

WITHHELD_FOR = timedelta(days=1)
"""How long a further attempt at a letter of sign-in goes on when identity writes none: its limit per hour may be the cause."""


class LetterWithheld(IsoModError):
    """Identity writes no letter at the moment; an earlier attempt may have used up the hour's number."""

    code = "LETTER_WITHHELD"
    message = "The letter is not written at the moment."


@dataclass(frozen=True, slots=True)
class Reader:
    """Who gets a letter, as far as the text depends on it."""

    locale: str | None = None
    organisation: str = "IsoMod"


@dataclass(frozen=True, slots=True)
class Letter:
    """To whom, and what the text depends on. It lives as long as one attempt and is stored nowhere."""

    address: str = field(repr=False)
    reader: Reader = Reader()


LetterOf = Callable[[Store, Event], Awaitable[Letter | None]]
"""Makes the letter of an event at sending time; None when there is nothing to send any more."""


@dataclass(frozen=True, slots=True)
class Post:
    """What every mail consumer needs."""

    transport: MailTransport
    public_url: str

    def link(self, kind: LetterKind, secret: str) -> str:
        """Where a letter leads. The secret stands behind #: browsers send it to no server and leave it out of referrers."""
        return f"{self.public_url.rstrip('/')}/account/{ACTIONS[kind]}#token={quote(secret, safe='')}"

    async def send(self, event: Event, mail: MailKind, letter: Letter, *, link: str = "") -> None:
        """Fills in the text and hands the mail over. Raises MailUnavailable, GiveUp."""
        locale = language_of(letter.reader.locale)
        subject, text = render(mail, locale, {"organisation": letter.reader.organisation, "link": link})
        await self.transport.send(Mail(letter.address, subject, text, locale, key=event.id))


ACTIONS: Final[Mapping[LetterKind, str]] = MappingProxyType(
    {
        LetterKind.INVITATION: "accept-invitation",
        LetterKind.VERIFY_EMAIL: "verify-email",
        LetterKind.RESET_PASSWORD: "reset-password",
        LetterKind.CHANGE_EMAIL: "change-email",
    }
)
"""The last part of a letter's link."""


def mail_consumer(kind: str, mail: MailKind, letter_of: LetterOf, post: Post) -> Outside:
    """Sends a mail without a secret. It is sent at least once; a repeated one has the same Message-ID."""

    async def send(store: Store, event: Event) -> None:
        try:
            letter = await letter_of(store, event)
        except KeyDestroyed:
            return
        if letter is not None:
            await post.send(event, mail, letter)

    return Outside(kind, f"mail.{mail.value.lower()}", send)


def account_consumers(letters: Mapping[str, Write], post: Post) -> list[Outside]:
    """The mails of sign-in: for each kind of event, who writes the letter (`identity.letters.LETTERS`)."""
    return [Outside(kind, "mail", _sender(write, post)) for kind, write in letters.items()]


def _sender(write: Write, post: Post) -> Callable[[Store, Event], Awaitable[None]]:
    async def send(store: Store, event: Event) -> None:
        try:
            reader = await reader_of(store, event)
            if reader is None:
                return
            if event.attempt > 1:
                await post.transport.knock()
            letter = await write(store, event.tenant_id, event.ids)
        except KeyDestroyed:
            return
        if letter is None:
            if event.attempt > 1 and store.clock.now() - event.told_at < WITHHELD_FOR:
                raise LetterWithheld
            return
        # The one without a secret goes first: when the other fails, a repeated warning does no harm.
        if letter.also_tell is not None:
            await post.send(event, MailKind.CHANGE_EMAIL_NOTICE, Letter(letter.also_tell, reader))
        link = post.link(letter.kind, letter.secret)
        await post.send(event, MailKind(letter.kind.value), Letter(letter.address, reader), link=link)

    return send


async def reader_of(store: Store, event: Event) -> Reader | None:
    """Whom an event of sign-in is about: a person of the event's tenant, or the holder of an account.

    None when the person, or the holder in each of his or her organisations, is erased or restricted.
    """
    if "person_id" in event.ids:
        found = await _person(store, event.tenant_id, event.ids["person_id"])
        return None if found is None else found[0]
    account_id = event.ids.get("account_id")
    async with store.transaction(PLATFORM_TENANT) as tx:
        if account_id is None:
            token = (
                AccountToken.tenant_id == tx.tenant_id,
                AccountToken.id == event.ids["account_token_id"],
            )
            account_id = await tx.value(select(AccountToken.account_id).where(*token))
        members = [] if account_id is None else await memberships_of(tx, account_id)
    for member in members:
        found = await _person(store, member.tenant_id, member.person_id)
        if found is not None:
            return Reader(found[0].locale)
    return None if members else Reader()


async def letter_to_person(store: Store, event: Event) -> Letter | None:
    """A letter to the person of `person_id`; None for the erased, the restricted and those without an address."""
    found = await _person(store, event.tenant_id, event.ids["person_id"])
    if found is None or found[1] is None:
        return None
    return Letter(found[1], found[0])


async def _person(store: Store, tenant_id: UUID, person_id: UUID) -> tuple[Reader, str | None] | None:
    """The reader and the address of a person; None for those who may not be notified."""
    wanted = select(Person.flags).where(Person.tenant_id == tenant_id, Person.id == person_id)
    async with store.transaction(tenant_id) as tx:
        flags = await tx.value(wanted)
        if flags is None or not may_notify(flags):
            return None
        opened = await tx.open_row(Person, person_id)
        tenant = await tx.first(select(Tenant.name, Tenant.locale).where(Tenant.id == tenant_id))
    if tenant is None:
        return Reader(opened["locale"]), opened["email"]
    return Reader(opened["locale"] or tenant.locale, tenant.name), opened["email"]
