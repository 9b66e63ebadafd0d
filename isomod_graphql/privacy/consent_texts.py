"""What people are asked to agree to, word by word, in the languages of the product. A changed text gets a new version; a text is never edited in place."""

from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from permissions.purposes import Purpose

VERSION: Final = "2026-11"
LOCALES: Final = ("en", "nl", "fr")

TEXTS: Final[Mapping[Purpose, Mapping[str, str]]] = MappingProxyType(
    {
        Purpose.SERVICE: {
            "en": "My coordinates are stored when I check in at a work order or complete it, and those who plan my work see the area. I can withdraw this at any time; my work goes on without it.",
            "nl": "Mijn coördinaten worden bewaard wanneer ik mij bij een werkorder aanmeld of ze voltooi, en wie mijn werk plant ziet de omgeving. Ik kan dit op elk moment intrekken; mijn werk gaat ook zonder door.",
            "fr": "Mes coordonnées sont enregistrées quand j'arrive à un ordre de travail ou le termine, et ceux qui planifient mon travail voient la zone. Je peux retirer mon accord à tout moment ; mon travail continue sans cela.",
        },
        Purpose.NOTIFY: {
            "en": "Programs that my organisation has connected may read my e-mail address and my phone number to notify me. I can withdraw this at any time.",
            "nl": "Programma's die mijn organisatie heeft aangesloten mogen mijn e-mailadres en telefoonnummer lezen om mij te verwittigen. Ik kan dit op elk moment intrekken.",
            "fr": "Les programmes que mon organisation a connectés peuvent lire mon adresse e-mail et mon numéro de téléphone pour m'avertir. Je peux retirer mon accord à tout moment.",
        },
        Purpose.ANALYTICS: {
            "en": "The pages that I visit and the kind of device that I use are counted, without my name, to improve the product. I can withdraw this at any time.",
            "nl": "De pagina's die ik bezoek en het soort toestel dat ik gebruik worden geteld, zonder mijn naam, om het product te verbeteren. Ik kan dit op elk moment intrekken.",
            "fr": "Les pages que je visite et le type d'appareil que j'utilise sont comptés, sans mon nom, pour améliorer le produit. Je peux retirer mon accord à tout moment.",
        },
    }
)  # fmt: skip


def text_of(purpose: Purpose, locale: str) -> str:
    """The text in this language; in English where there is none."""
    texts = TEXTS[purpose]
    return texts.get(locale, texts[LOCALES[0]])


def hash_of(text: str) -> bytes:
    """SHA-256 of the text as it was shown."""
    return sha256(text.encode()).digest()
