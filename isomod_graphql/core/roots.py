"""Root keys: who wraps the tenant keys. A local file now; Vault, OpenBao or a cloud KMS fit the same door. Never stored in PostgreSQL."""

import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from isomod_graphql.core.crypto import KEY_BYTES, new_key, unwrap, wrap


class RootKeys(Protocol):
    """Wraps and unwraps tenant keys; the transit engine of Vault or OpenBao has exactly these two calls."""

    @property
    def epoch(self) -> int:
        """The epoch that `wrap` uses."""
        ...

    async def wrap(self, key: bytes, associated: bytes) -> tuple[int, bytes]:
        """The present epoch and the wrapped key."""
        ...

    async def unwrap(self, epoch: int, wrapped: bytes, associated: bytes) -> bytes:
        """The key. Raises SealBroken, or MissingRootKey for an epoch that was destroyed."""
        ...


class MissingRootKey(Exception):
    """There is no root key, or not the one of this epoch."""


class FileRootKeys:
    """Root keys in a file that only its owner may read: one line `epoch base64key` per epoch, the last one is present."""

    def __init__(self, path: Path) -> None:
        """Reads the file. Raises MissingRootKey when it is absent, malformed or readable by others."""
        if not path.is_file():
            raise MissingRootKey(f"no root key file at {path}")
        if path.stat().st_mode & 0o077:
            raise MissingRootKey("the root key file must be readable by its owner only (mode 0600)")
        self._ciphers: dict[int, AESGCM] = {}
        for line in path.read_text("ascii").split("\n"):
            if line.strip():
                number, _, text = line.partition(" ")
                key = b64decode(text)
                if len(key) != KEY_BYTES:
                    raise MissingRootKey("a root key is 32 bytes in base64")
                self._ciphers[int(number)] = AESGCM(key)
        if not self._ciphers:
            raise MissingRootKey("the root key file is empty")

    @property
    def epoch(self) -> int:
        """The newest epoch."""
        return max(self._ciphers)

    async def wrap(self, key: bytes, associated: bytes) -> tuple[int, bytes]:
        """Wraps under the newest epoch."""
        return self.epoch, wrap(self._ciphers[self.epoch], key, associated)

    async def unwrap(self, epoch: int, wrapped: bytes, associated: bytes) -> bytes:
        """Unwraps under the epoch given."""
        if epoch not in self._ciphers:
            raise MissingRootKey(f"root epoch {epoch} is gone")
        return unwrap(self._ciphers[epoch], wrapped, associated)


def create_root_key_file(path: Path) -> None:
    """Writes a first root key, mode 0600, unless the file exists."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"1 {b64encode(new_key()).decode('ascii')}\n")
