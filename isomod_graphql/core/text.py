"""Text that people write: what may be stored, and the folded key by which names are sorted and searched. Refuses masks and what PostgreSQL cannot hold."""

import unicodedata

from isomod_graphql.core.errors import BadInput, MaskedValueRejected
from permissions.masks import is_masked_text

MAX_NAME_CHARS = 200
MAX_CODE_CHARS = 100
MAX_NOTE_CHARS = 10_000


def fold(text: str) -> str:
    """The key of a name for prefix search and sorting in COLLATE "C": NFKD, case folded, marks stripped, single spaces.

    Folding an already folded text changes nothing.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join("".join(sign for sign in plain if not unicodedata.category(sign).startswith("M")).split())


def storable(text: str, *, field: str, longest: int) -> str:
    """The text as it was given. Raises MaskedValueRejected for a mask, BadInput for NUL, lone surrogates or too much."""
    if is_masked_text(text):
        raise MaskedValueRejected(field=field)
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise BadInput("The text holds characters that cannot be stored.", field=field)
    if len(text) > longest:
        raise BadInput(f"The text has more than {longest} characters.", field=field)
    return text


def line(text: str, *, field: str, longest: int = MAX_NAME_CHARS) -> str:
    """One line without spaces around it. Raises as `storable`, and BadInput when nothing or more than one line is left."""
    stored = storable(text, field=field, longest=longest).strip()
    if not stored:
        raise BadInput("The text is empty.", field=field)
    if len(stored.splitlines()) > 1:
        raise BadInput("The text has more than one line.", field=field)
    return stored


def line_or_none(text: str | None, *, field: str, longest: int = MAX_NAME_CHARS) -> str | None:
    """As `line`; nothing stays nothing."""
    return None if text is None else line(text, field=field, longest=longest)


def note(text: str | None, *, field: str) -> str | None:
    """Free text of any number of lines; nothing but spaces is nothing. Raises as `storable`."""
    if text is None:
        return None
    stored = storable(text, field=field, longest=MAX_NOTE_CHARS).strip()
    return stored or None
