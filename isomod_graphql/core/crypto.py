"""Sealing: AES-256-GCM packs (format v1), key wrapping and keyed hashes. Refuses a pack that was moved to another row, column or tenant."""

import hmac
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PACK_VERSION = 1
KEY_BYTES = 32
NONCE_BYTES = 12
PAD_STEP = 32
HEADER = 1 + 16 + NONCE_BYTES


class SealBroken(Exception):
    """A ciphertext does not belong where it stands, or was changed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pack stands; part of what the cipher authenticates."""

    tenant_id: UUID
    table: str
    row_id: UUID
    column: str

    def associated(self, key_id: bytes) -> bytes:
        """The associated data of pack format v1: version, tenant, table, row, pack, key id."""
        return place_of(self.tenant_id, self.table, self.column) + self.row_id.bytes + key_id


@lru_cache(maxsize=4096)
def place_of(tenant_id: UUID, table: str, column: str) -> bytes:
    """The part of the associated data that all packs of a column share."""
    return bytes((PACK_VERSION,)) + tenant_id.bytes + f"{table}\0{column}\0".encode()


def seal_pack(cipher: AESGCM, key_id: UUID, place: Place, values: Mapping[int, Any]) -> bytes:
    """1 byte version, 16 key id, 12 nonce, AES-256-GCM over the values padded with blanks to 32-byte steps."""
    plain = orjson.dumps(values, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)
    plain += b" " * (-len(plain) % PAD_STEP)
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = cipher.encrypt(nonce, plain, place.associated(key_id.bytes))
    return bytes((PACK_VERSION,)) + key_id.bytes + nonce + sealed


def key_id_of(pack: bytes) -> bytes:
    """The raw id of the key that sealed the pack. Raises SealBroken for an unknown format."""
    if len(pack) <= HEADER or pack[0] != PACK_VERSION:
        raise SealBroken
    return pack[1:17]


def open_pack(cipher: AESGCM, place: Place, pack: bytes) -> dict[str, Any]:
    """The values of a pack by field number (as text, JSON's own key type). Raises SealBroken."""
    shared = place_of(place.tenant_id, place.table, place.column)
    return open_at(cipher, shared, place.row_id.bytes, pack)


def open_at(cipher: AESGCM, place: bytes, row_id: bytes, pack: bytes) -> dict[str, Any]:
    """As `open_pack`, with the place of the column (`place_of`) and the row's raw id. Raises SealBroken."""
    if len(pack) <= HEADER or pack[0] != PACK_VERSION:
        raise SealBroken
    try:
        plain = cipher.decrypt(pack[17:HEADER], pack[HEADER:], place + row_id + pack[1:17])
    except InvalidTag:
        raise SealBroken from None
    values: dict[str, Any] = orjson.loads(plain)
    return values


def new_key() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def wrap(wrapping: AESGCM, key: bytes, associated: bytes) -> bytes:
    """12 nonce + AES-256-GCM of the key; `associated` says whose key it is, so that it cannot be moved."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + wrapping.encrypt(nonce, key, associated)


def unwrap(wrapping: AESGCM, wrapped: bytes, associated: bytes) -> bytes:
    """The key. Raises SealBroken when it was wrapped by another key or for another owner."""
    try:
        return wrapping.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], associated)
    except InvalidTag:
        raise SealBroken from None


def fold(text: str) -> str:
    """The form in which addresses are compared: NFKC, case-folded, without surrounding blanks."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def keyed_hash(key: bytes, kind: str, text: str) -> bytes:
    """16 bytes of HMAC-SHA-256 over kind and folded text: an equality index that nobody without the key can search."""
    # Nonsense has a hash too: a look-up refuses it later, as it refuses anything unknown.
    return hmac.digest(key, f"{kind}\0{fold(text)}".encode("utf-8", "surrogatepass"), "sha256")[:16]


def token_hash(secret: str) -> bytes:
    """SHA-256 of a random secret of at least 112 bits (ASVS 6.5.2 allows a fast hash there)."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
