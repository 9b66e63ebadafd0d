"""Mail: one plain-text message to one address, over SMTP or into a folder. Refuses a header that breaks its line, and SMTP without TLS."""

import asyncio
import os
import re
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib

from isomod_graphql.core.clock import Clock
from isomod_graphql.core.errors import ServiceUnavailable
from isomod_graphql.core.events import GiveUp
from isomod_graphql.core.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
SECONDS = 20.0


class MailUnavailable(ServiceUnavailable):
    """The mail server does not answer, has no TLS, or asks to come back later."""

    code = "MAIL_UNAVAILABLE"
    message = "Mail cannot be sent at the moment."


@dataclass(frozen=True, slots=True)
class Mail:
    """A message. `key` is the event that it is sent for: the same event makes the same Message-ID."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    locale: str
    key: UUID


class MailTransport(Protocol):
    """Where mail goes."""

    async def send(self, mail: Mail) -> None:
        """Hands the mail over. Raises MailUnavailable (try again) or GiveUp (another attempt is in vain)."""
        ...

    async def knock(self) -> None:
        """Asks whether mail would be taken now, so that no secret is made for a letter that cannot leave. Raises MailUnavailable."""
        ...


def message_of(mail: Mail, *, sender: str, now: datetime) -> EmailMessage:
    """The RFC 5322 message. Raises GiveUp for an address or subject that would break a header."""
    if BREAKS.search(mail.to) or BREAKS.search(mail.subject) or BREAKS.search(sender):
        raise GiveUp("MAIL_HEADER_REFUSED")
    try:
        to = Address(addr_spec=mail.to)
    except (ValueError, IndexError, MessageError):
        raise GiveUp("MAIL_ADDRESS_REFUSED") from None
    if not to.username or not to.domain:
        raise GiveUp("MAIL_ADDRESS_REFUSED")
    message = EmailMessage(policy=SMTP if mail.to.isascii() else SMTPUTF8)
    message.set_content(mail.text)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{_name(mail)}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = mail.locale
    return message


def _name(mail: Mail) -> str:
    # A hash, as the event's own id would tell its millisecond.
    return sha256(mail.key.bytes + mail.to.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class SmtpMail:
    """Sends over SMTP: smtps://user:password@host:465, or smtp://host:587 with STARTTLS. TLS 1.2 or newer, certificate checked.

    A server on this machine itself may speak without TLS. `context` overrides which certificates are trusted.
    """

    url: str
    sender: str
    clock: Clock
    context: ssl.SSLContext | None = None

    @property
    def needs_tls(self) -> bool:
        """False on the loopback interface only, where nothing leaves the machine."""
        return self.context is not None or (urlsplit(self.url).hostname or "") not in LOOPBACK

    async def send(self, mail: Mail) -> None:
        """See MailTransport. What the server answers is dropped: it quotes the address."""
        message = message_of(mail, sender=self.sender, now=self.clock.now())
        try:
            await self._hand_over(message)
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [refused.code for refused in error.recipients]
            if codes and all(code >= 500 for code in codes):
                raise GiveUp("MAIL_REFUSED") from None
            raise MailUnavailable from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            raise MailUnavailable from None

    async def knock(self) -> None:
        """See MailTransport."""
        try:
            async with self._server():
                pass
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            raise MailUnavailable from None

    async def _hand_over(self, message: EmailMessage) -> None:
        async with self._server() as server:
            await server.send_message(message)

    def _server(self) -> aiosmtplib.SMTP:
        parts = urlsplit(self.url)
        implicit = parts.scheme == "smtps"
        return aiosmtplib.SMTP(
            hostname=parts.hostname,
            port=parts.port or (465 if implicit else 587),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            timeout=SECONDS,
            use_tls=implicit,
            start_tls=None if implicit else self.needs_tls or None,
            tls_context=self.context or modern_tls(),
        )


def modern_tls() -> ssl.SSLContext:
    """TLS 1.2 or newer with the system's certificates (policy section 3)."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@dataclass(frozen=True, slots=True)
class FolderMail:
    """Writes each mail as one .eml file into a folder, for the demo; a second attempt replaces the file."""

    folder: Path
    sender: str
    clock: Clock

    async def send(self, mail: Mail) -> None:
        """See MailTransport."""
        message = message_of(mail, sender=self.sender, now=self.clock.now())
        try:
            await asyncio.to_thread(self._write, f"{_name(mail)}.eml", bytes(message))
        except OSError:
            raise MailUnavailable from None

    async def knock(self) -> None:
        """A folder takes mail at any time."""

    def _write(self, name: str, raw: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self.folder / f".{name}.part"
        with partial.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.folder / name)


def mail_transport(settings: Settings, clock: Clock) -> MailTransport:
    """SMTP where an address is set, else a folder: the one of the settings or `mail` in the data folder."""
    if settings.smtp_url is not None and settings.mail_folder is None:
        return SmtpMail(settings.smtp_url, settings.mail_from, clock)
    return FolderMail(settings.mail_folder or settings.data_dir / "mail", settings.mail_from, clock)
