"""What a bearer secret looks like: `iso_live_`, 30 random characters, 6 of checksum. A mistyped or invented one is refused before any look-up."""

import secrets
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final
from zlib import crc32

PREFIX: Final = "iso_live_"
CLIENT_PREFIX: Final = "iso_client_"
ALPHABET: Final = digits + ascii_uppercase + ascii_lowercase
RANDOM_CHARS: Final = 30
CHECK_CHARS: Final = 6


def new_secret(prefix: str = PREFIX) -> str:
    """178 random bits and the checksum over everything before it."""
    body = prefix + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARS))
    return body + checksum(body)


def is_well_formed(text: str, prefix: str = PREFIX) -> bool:
    """True for a text that `new_secret` could have made."""
    body, check = text[:-CHECK_CHARS], text[-CHECK_CHARS:]
    return (
        len(text) == len(prefix) + RANDOM_CHARS + CHECK_CHARS
        and text.startswith(prefix)
        and all(sign in ALPHABET for sign in body[len(prefix) :])
        and check == checksum(body)
    )


def checksum(body: str) -> str:
    """CRC-32 in base 62, six characters."""
    rest = crc32(body.encode())
    signs = []
    for _ in range(CHECK_CHARS):
        rest, at = divmod(rest, len(ALPHABET))
        signs.append(ALPHABET[at])
    return "".join(reversed(signs))
