"""The device a sign-in comes from, and the cookie by which it is known again. It proves no identity; it only counts its failures apart."""

import hmac
import secrets
from dataclasses import dataclass, field
from hashlib import sha256

_MAC_CHARS = 32


@dataclass(frozen=True, slots=True)
class Device:
    """What a request says about where it comes from; `token` is the device cookie of an earlier sign-in."""

    address: str | None = field(default=None, repr=False)
    user_agent: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


def new_device_token(key: bytes, lookup_hash: bytes) -> str:
    """A cookie for a browser that signed in with this address. Nothing of it is stored; it says nothing about the person."""
    nonce = secrets.token_urlsafe(16)
    return f"{nonce}.{_mac(key, lookup_hash, nonce)}"


def device_hash(key: bytes, lookup_hash: bytes, token: str | None) -> bytes:
    """What the device's failures are counted under; empty for a cookie that is missing, forged or of another address."""
    nonce, _, mac = (token or "").partition(".")
    if not mac.isascii() or not hmac.compare_digest(mac, _mac(key, lookup_hash, nonce)):
        return b""
    return sha256(nonce.encode()).digest()[:16]


def _mac(key: bytes, lookup_hash: bytes, nonce: str) -> str:
    message = b"device\0" + lookup_hash + nonce.encode("utf-8", "surrogatepass")
    return hmac.digest(key, message, "sha256").hex()[:_MAC_CHARS]
