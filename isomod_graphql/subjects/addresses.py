"""E-mail addresses as people type them. Refuses what cannot be one; proves nothing, as only a letter that arrives does."""

import re

from isomod_graphql.core.errors import BadInput
from isomod_graphql.core.text import line

LONGEST = 254
"""RFC 5321 section 4.5.3.1.3, without the angle brackets."""

_SHAPE = re.compile(
    r"[^\s@<>()\[\],;:\"\\\x00-\x20\x7f]{1,64}@[^\s@<>()\[\],;:\"\\\x00-\x20\x7f]+\.[^\s@.]{2,}"
)


def checked_email(text: str, *, field: str = "email") -> str:
    """The address without spaces around it. Raises BadInput, and MaskedValueRejected for a mask."""
    address = line(text, field=field, longest=LONGEST)
    if not _SHAPE.fullmatch(address) or ".." in address:
        raise BadInput("This is not an e-mail address.", field=field)
    return address
