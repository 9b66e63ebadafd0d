"""The header Idempotency-Key of the IETF draft: a string of structured fields (RFC 9651), with its quotation marks or without. Refuses any other."""

import re
from typing import Final

from isomod_graphql.core.idempotency import MAX_KEY_CHARS
from isomod_graphql.web.facts import HttpFacts
from isomod_graphql.web.refusals import BadRequest

NAME: Final = b"idempotency-key"
_QUOTED: Final = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"', re.ASCII)
_BARE: Final = re.compile(r"[!#-+\--~]+", re.ASCII)
"""Visible characters without a quotation mark and a comma, which would say that the header was sent twice."""


def key_of(http: HttpFacts) -> str | None:
    """The key, None without the header. Raises BadRequest."""
    sent = http.header(NAME)
    if sent is None:
        return None
    quoted = _QUOTED.fullmatch(sent.strip())
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else sent.strip()
    if not 1 <= len(key) <= MAX_KEY_CHARS or not (quoted or _BARE.fullmatch(key)):
        raise BadRequest("Idempotency-Key is one string of 1 to 200 visible characters.")
    return key
