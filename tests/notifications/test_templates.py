"""Every mail exists in four languages with the same gaps, and a value cannot break out of its line."""

from string import Formatter

import pytest

from isomod_graphql.notifications.notices import SENTENCES, sentence
from isomod_graphql.notifications.templates import LOCALES, TEMPLATES, MailKind, language_of, render

VALUES = {"link": "https://isomod.example/account/x#token=y", "organisation": "Acme NV"}


def gaps(text: str) -> set[str]:
    """The names in braces."""
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name}


def test_every_mail_exists_in_every_language_with_the_same_gaps() -> None:
    by_kind = {kind: [gaps(TEMPLATES[locale][kind].text) for locale in LOCALES] for kind in MailKind}

    assert set(TEMPLATES) == set(LOCALES)
    assert {kind for kind, found in by_kind.items() if any(one != found[0] for one in found)} == set()
    assert by_kind[MailKind.INVITATION][0] == {"link", "organisation"}


@pytest.mark.parametrize("kind", list(MailKind))
def test_the_languages_differ_and_a_subject_has_no_values(kind: MailKind) -> None:
    rendered = [render(kind, locale, VALUES) for locale in LOCALES]

    assert len({subject for subject, _text in rendered}) == 4
    assert len({text for _subject, text in rendered}) == 4
    assert all(gaps(TEMPLATES[locale][kind].subject) == set() for locale in LOCALES)
    assert all("{" not in text for _subject, text in rendered)


def test_a_locale_is_read_by_its_language() -> None:
    found = [language_of(locale) for locale in ("nl-BE", "FR_be", "de", "en-GB", "pt", "", None)]

    assert found == ["nl", "fr", "de", "en", "en", "en", "en"]


def test_a_value_of_several_lines_is_refused_and_braces_stay_text() -> None:
    with pytest.raises(ValueError, match="one printable line"):
        render(MailKind.INVITATION, "en", VALUES | {"organisation": "Acme\n\nPay here: https://evil.example"})

    _subject, text = render(MailKind.INVITATION, "en", VALUES | {"organisation": "{link.__class__}"})
    assert text.startswith("{link.__class__} invites you")


def test_every_notice_has_its_sentence_in_every_language() -> None:
    assert {kind: set(texts) for kind, texts in SENTENCES.items()} == {
        kind: set(LOCALES) for kind in SENTENCES
    }
    assert sentence("work_order.assigned", "fr-BE") == "Un ordre de travail vous a été attribué."
