"""Mail as it leaves: the right address, one line per header, TLS, and nothing lost while the server is away."""

import ssl
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.events import GiveUp
from isomod_graphql.core.settings import Settings
from isomod_graphql.notifications.mail import (
    FolderMail,
    Mail,
    MailUnavailable,
    SmtpMail,
    mail_transport,
    message_of,
    modern_tls,
)
from tests.conftest import START
from tests.notifications.postbox import open_postbox, self_signed

SENDER = "IsoMod <no-reply@isomod.example>"
MAIL = Mail("ann@acme.example", "Kies een nieuw wachtwoord", "Hallo,\n\nbeëindigd\n", "nl", UUID(int=1))


def smtp(
    port: int, context: ssl.SSLContext | None = None, scheme: str = "smtp", host: str = "localhost"
) -> SmtpMail:
    """A transport to a server of the test."""
    return SmtpMail(f"{scheme}://{host}:{port}", SENDER, SettableClock(START), context)


async def test_a_mail_arrives_at_its_address_as_it_was_written() -> None:
    async with open_postbox() as box:
        await smtp(box.port).send(MAIL)

    (mail,) = box.mails
    assert box.recipients == [["ann@acme.example"]]
    assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, "ann@acme.example", MAIL.subject)
    assert mail["Content-Language"] == "nl"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == START
    assert mail.get_content().replace("\r\n", "\n") == MAIL.text


async def test_the_same_event_has_the_same_message_id_and_another_has_another() -> None:
    async with open_postbox() as box:
        for mail in (MAIL, MAIL, replace(MAIL, key=UUID(int=2))):
            await smtp(box.port).send(mail)

    ids = [mail["Message-ID"] for mail in box.mails]
    assert (ids[0] == ids[1], ids[0] == ids[2]) == (True, False)
    assert ids[0].endswith("@isomod.example>")
    assert MAIL.key.hex not in ids[0]


async def test_a_server_elsewhere_gets_nothing_without_tls() -> None:
    async with open_postbox() as box:
        with pytest.raises(MailUnavailable):
            await smtp(box.port, modern_tls()).send(MAIL)

    assert box.mails == []


async def test_only_the_loopback_interface_may_go_without_tls() -> None:
    hosts = ["localhost", "127.0.0.1", "mail.acme.example", "10.0.0.1", "localhost.acme.example"]

    assert [smtp(25, host=host).needs_tls for host in hosts] == [False, False, True, True, True]
    assert modern_tls().minimum_version == ssl.TLSVersion.TLSv1_2
    assert (modern_tls().verify_mode, modern_tls().check_hostname) == (ssl.CERT_REQUIRED, True)


async def test_a_server_with_tls_gets_the_mail_encrypted(tmp_path: Path) -> None:
    server, client = self_signed(tmp_path)
    async with open_postbox(tls=server) as box:
        await smtp(box.port, client).send(MAIL)

    assert box.encrypted == [True]


async def test_a_certificate_of_somebody_else_is_refused(tmp_path: Path) -> None:
    server, _client = self_signed(tmp_path)
    async with open_postbox(tls=server) as box:
        with pytest.raises(MailUnavailable):
            await smtp(box.port, modern_tls()).send(MAIL)

    assert box.mails == []


@pytest.mark.parametrize(("answer", "error"), [("550", GiveUp), ("451", MailUnavailable)])
async def test_a_refused_recipient_is_final_and_a_deferred_one_is_not(
    answer: str, error: type[Exception]
) -> None:
    async with open_postbox() as box:
        box.answer = answer
        with pytest.raises(error) as refused:
            await smtp(box.port).send(MAIL)

    assert "ann@" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


async def test_a_server_that_is_away_is_a_reason_to_try_again() -> None:
    async with open_postbox() as box:
        port = box.port

    with pytest.raises(MailUnavailable):
        await smtp(port).send(MAIL)


BREAKING: list[Callable[[Mail], Mail]] = [
    lambda mail: replace(mail, to="ann@acme.example\r\nBcc: eve@evil.example"),
    lambda mail: replace(mail, to="ann@acme.example\nBcc: eve@evil.example"),
    lambda mail: replace(mail, to="ann@acme.example, eve@evil.example"),
    lambda mail: replace(mail, to="Ann <ann@acme.example>"),
    lambda mail: replace(mail, to="ann"),
    lambda mail: replace(mail, to=""),
    lambda mail: replace(mail, subject="Hello\r\nBcc: eve@evil.example"),
    lambda mail: replace(mail, subject="Hello\u2028Bcc: eve@evil.example"),
    lambda mail: replace(mail, subject="Hello\x00"),
]


@pytest.mark.parametrize("broken", [change(MAIL) for change in BREAKING])
async def test_a_header_that_would_break_is_refused_and_nothing_is_sent(broken: Mail) -> None:
    async with open_postbox() as box:
        with pytest.raises(GiveUp, match=r"MAIL_(HEADER|ADDRESS)_REFUSED"):
            await smtp(box.port).send(broken)

    assert box.mails == []


@given(st.emails() | st.text(max_size=60), st.text(max_size=60), st.text(max_size=200))
def test_whatever_is_given_there_is_one_recipient_and_no_header_more(
    to: str, subject: str, text: str
) -> None:
    mail = Mail(to, subject, text.encode("utf-8", "replace").decode(), "nl", UUID(int=1))
    try:
        raw = bytes(message_of(mail, sender=SENDER, now=START))
    except GiveUp:
        return

    parsed = message_from_bytes(raw, policy=default)
    assert set(parsed.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language",
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert len(parsed["To"].addresses) == 1


async def test_a_mail_in_the_folder_is_one_whole_file_and_a_second_attempt_replaces_it(
    tmp_path: Path,
) -> None:
    folder = FolderMail(tmp_path / "mail", SENDER, SettableClock(START))

    await folder.send(MAIL)
    await folder.send(MAIL)
    await folder.send(replace(MAIL, key=UUID(int=2)))

    files = sorted((tmp_path / "mail").iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"]
    assert message_from_bytes(files[0].read_bytes(), policy=default)["To"] == "ann@acme.example"
    assert (tmp_path / "mail").stat().st_mode & 0o777 == 0o700


def test_the_settings_choose_the_transport(tmp_path: Path) -> None:
    clock = SettableClock(START)

    over_smtp = mail_transport(Settings(smtp_url="smtp://mail.example:587"), clock)
    into_folder = mail_transport(Settings(smtp_url="smtp://mail.example:587", mail_folder=tmp_path), clock)
    by_default = mail_transport(Settings(data_dir=tmp_path), clock)

    assert isinstance(over_smtp, SmtpMail)
    assert isinstance(into_folder, FolderMail)
    assert isinstance(by_default, FolderMail)
    assert (into_folder.folder, by_default.folder) == (tmp_path, tmp_path / "mail")
