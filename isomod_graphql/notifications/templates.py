"""What mails say, in four languages, as plain text. Refuses a value in a subject and a text with a gap; knows nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

LOCALES: Final = ("nl", "fr", "de", "en")
FALLBACK: Final = "en"


class MailKind(StrEnum):
    """The mails that the product writes."""

    INVITATION = "INVITATION"
    VERIFY_EMAIL = "VERIFY_EMAIL"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105  the name of a mail
    CHANGE_EMAIL = "CHANGE_EMAIL"
    CHANGE_EMAIL_NOTICE = "CHANGE_EMAIL_NOTICE"
    ACCOUNT_DEACTIVATED = "ACCOUNT_DEACTIVATED"
    RESTRICTION_LIFTED = "RESTRICTION_LIFTED"
    ERASURE_COMPLETED = "ERASURE_COMPLETED"


@dataclass(frozen=True, slots=True)
class Template:
    """A subject without values, and a text whose {names} are filled in at sending time."""

    subject: str
    text: str


K = MailKind

_NL: Final = {
    K.RESTRICTION_LIFTED: Template(
        "De beperking is opgeheven",
        "{organisation} heeft de beperking van de verwerking van uw persoonsgegevens opgeheven (AVG, artikel 18, lid 3).\n\nBent u het daar niet mee eens, antwoord dan aan de functionaris voor gegevensbescherming van {organisation}.",
    ),
    K.INVITATION: Template(
        "U bent uitgenodigd voor IsoMod",
        "{organisation} nodigt u uit om met IsoMod te werken.\n\nKies een wachtwoord en begin:\n{link}",
    ),
    K.VERIFY_EMAIL: Template(
        "Bevestig uw e-mailadres", "Bevestig met deze link dat dit uw e-mailadres is:\n{link}"
    ),
    K.RESET_PASSWORD: Template(
        "Kies een nieuw wachtwoord",
        "Voor uw account is een nieuw wachtwoord gevraagd. Kies het hier:\n{link}\n\n"
        "Hebt u dat niet gevraagd, dan hoeft u niets te doen: uw wachtwoord blijft zoals het is.",
    ),
    K.CHANGE_EMAIL: Template(
        "Bevestig uw nieuwe e-mailadres",
        "Bevestig met deze link dat u voortaan met dit adres inlogt:\n{link}",
    ),
    K.CHANGE_EMAIL_NOTICE: Template(
        "Uw e-mailadres wordt gewijzigd",
        "Er is gevraagd om met een ander e-mailadres in te loggen op uw account.\n\n"
        "Was u dat niet, wijzig dan meteen uw wachtwoord en verwittig uw beheerder.",
    ),
    K.ACCOUNT_DEACTIVATED: Template(
        "Uw toegang is beëindigd", "Uw toegang tot IsoMod voor {organisation} is beëindigd."
    ),
    K.ERASURE_COMPLETED: Template(
        "Uw persoonsgegevens zijn gewist",
        "Uw persoonsgegevens bij {organisation} zijn gewist, zoals gevraagd (AVG, artikel 17).\n\n"
        "Dit is het laatste bericht dat u van ons krijgt; ook uw adres is nu gewist.",
    ),
}

_FR: Final = {
    K.RESTRICTION_LIFTED: Template(
        "La limitation est levée",
        "{organisation} a levé la limitation du traitement de vos données personnelles (RGPD, article 18, paragraphe 3).\n\nSi vous n'êtes pas d'accord, adressez-vous au délégué à la protection des données de {organisation}.",
    ),
    K.INVITATION: Template(
        "Vous êtes invité à utiliser IsoMod",
        "{organisation} vous invite à travailler avec IsoMod.\n\nChoisissez un mot de passe et commencez :\n{link}",
    ),
    K.VERIFY_EMAIL: Template(
        "Confirmez votre adresse e-mail", "Confirmez par ce lien que cette adresse est la vôtre :\n{link}"
    ),
    K.RESET_PASSWORD: Template(
        "Choisissez un nouveau mot de passe",
        "Un nouveau mot de passe a été demandé pour votre compte. Choisissez-le ici :\n{link}\n\n"
        "Si vous n'avez rien demandé, ne faites rien : votre mot de passe reste inchangé.",
    ),
    K.CHANGE_EMAIL: Template(
        "Confirmez votre nouvelle adresse e-mail",
        "Confirmez par ce lien que vous vous connecterez désormais avec cette adresse :\n{link}",
    ),
    K.CHANGE_EMAIL_NOTICE: Template(
        "Votre adresse e-mail va changer",
        "Une autre adresse e-mail a été demandée pour la connexion à votre compte.\n\n"
        "Si ce n'était pas vous, changez aussitôt votre mot de passe et prévenez votre administrateur.",
    ),
    K.ACCOUNT_DEACTIVATED: Template(
        "Votre accès a pris fin", "Votre accès à IsoMod pour {organisation} a pris fin."
    ),
    K.ERASURE_COMPLETED: Template(
        "Vos données personnelles sont effacées",
        "Vos données personnelles auprès de {organisation} ont été effacées, comme demandé (RGPD, article 17).\n\n"
        "Ceci est le dernier message que vous recevez de nous ; votre adresse est effacée elle aussi.",
    ),
}

_DE: Final = {
    K.RESTRICTION_LIFTED: Template(
        "Die Einschränkung ist aufgehoben",
        "{organisation} hat die Einschränkung der Verarbeitung Ihrer personenbezogenen Daten aufgehoben (DSGVO, Artikel 18 Absatz 3).\n\nSind Sie damit nicht einverstanden, wenden Sie sich an den Datenschutz von {organisation}.",
    ),
    K.INVITATION: Template(
        "Sie sind zu IsoMod eingeladen",
        "{organisation} lädt Sie ein, mit IsoMod zu arbeiten.\n\nWählen Sie ein Kennwort und beginnen Sie:\n{link}",
    ),
    K.VERIFY_EMAIL: Template(
        "Bestätigen Sie Ihre E-Mail-Adresse",
        "Bestätigen Sie mit diesem Link, dass dies Ihre E-Mail-Adresse ist:\n{link}",
    ),
    K.RESET_PASSWORD: Template(
        "Wählen Sie ein neues Kennwort",
        "Für Ihr Konto wurde ein neues Kennwort angefordert. Wählen Sie es hier:\n{link}\n\n"
        "Haben Sie es nicht angefordert, so ist nichts zu tun: Ihr Kennwort bleibt, wie es ist.",
    ),
    K.CHANGE_EMAIL: Template(
        "Bestätigen Sie Ihre neue E-Mail-Adresse",
        "Bestätigen Sie mit diesem Link, dass Sie sich künftig mit dieser Adresse anmelden:\n{link}",
    ),
    K.CHANGE_EMAIL_NOTICE: Template(
        "Ihre E-Mail-Adresse wird geändert",
        "Für die Anmeldung an Ihrem Konto wurde eine andere E-Mail-Adresse verlangt.\n\n"
        "Waren Sie das nicht, ändern Sie sofort Ihr Kennwort und verständigen Sie Ihre Administration.",
    ),
    K.ACCOUNT_DEACTIVATED: Template(
        "Ihr Zugang wurde beendet", "Ihr Zugang zu IsoMod für {organisation} wurde beendet."
    ),
    K.ERASURE_COMPLETED: Template(
        "Ihre personenbezogenen Daten sind gelöscht",
        "Ihre personenbezogenen Daten bei {organisation} wurden wie verlangt gelöscht (DSGVO, Artikel 17).\n\n"
        "Dies ist die letzte Nachricht, die Sie von uns erhalten; auch Ihre Adresse ist nun gelöscht.",
    ),
}

_EN: Final = {
    K.RESTRICTION_LIFTED: Template(
        "The restriction has been lifted",
        "{organisation} has lifted the restriction on the processing of your personal data (GDPR, Article 18(3)).\n\nIf you do not agree, turn to the privacy officer of {organisation}.",
    ),
    K.INVITATION: Template(
        "You are invited to IsoMod",
        "{organisation} invites you to work with IsoMod.\n\nChoose a password and begin:\n{link}",
    ),
    K.VERIFY_EMAIL: Template(
        "Confirm your e-mail address", "Confirm with this link that this is your e-mail address:\n{link}"
    ),
    K.RESET_PASSWORD: Template(
        "Choose a new password",
        "A new password was asked for your account. Choose it here:\n{link}\n\n"
        "If you did not ask for it, you need do nothing: your password stays as it is.",
    ),
    K.CHANGE_EMAIL: Template(
        "Confirm your new e-mail address",
        "Confirm with this link that you will sign in with this address from now on:\n{link}",
    ),
    K.CHANGE_EMAIL_NOTICE: Template(
        "Your e-mail address is about to change",
        "Another e-mail address was asked for to sign in to your account.\n\n"
        "If this was not you, change your password at once and tell your administrator.",
    ),
    K.ACCOUNT_DEACTIVATED: Template(
        "Your access has ended", "Your access to IsoMod for {organisation} has ended."
    ),
    K.ERASURE_COMPLETED: Template(
        "Your personal data has been erased",
        "Your personal data at {organisation} has been erased as requested (GDPR, Article 17).\n\n"
        "This is the last message that you receive from us; your address is erased now, too.",
    ),
}

TEMPLATES: Final[Mapping[str, Mapping[MailKind, Template]]] = MappingProxyType(
    {"nl": _NL, "fr": _FR, "de": _DE, "en": _EN}
)

ONCE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "nl": "De link werkt één keer en slechts enkele uren of dagen.",
        "fr": "Le lien ne fonctionne qu'une fois, pendant quelques heures ou jours.",
        "de": "Der Link gilt einmal und nur für einige Stunden oder Tage.",
        "en": "The link works once, for some hours or days only.",
    }
)


def language_of(locale: str | None) -> str:
    """The language of a locale (nl-BE is nl); English where there is no text in it."""
    language = (locale or FALLBACK).replace("_", "-").split("-")[0].lower()
    return language if language in LOCALES else FALLBACK


def render(kind: MailKind, locale: str | None, values: Mapping[str, str]) -> tuple[str, str]:
    """Subject and text. Raises KeyError for a missing value, ValueError for one that is not a single line."""
    if any(not value.isprintable() for value in values.values()):
        raise ValueError("a value of a mail is one printable line")
    language = language_of(locale)
    template = TEMPLATES[language][kind]
    text = template.text.format_map(values)
    once = f"\n\n{ONCE[language]}" if "{link}" in template.text else ""
    return template.subject, f"{text}{once}\n\nIsoMod\n"
