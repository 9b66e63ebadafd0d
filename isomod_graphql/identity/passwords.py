"""Passwords: hashed with argon2id in a thread, one at a time per core, and refused when they would be guessed. Never stored, never logged."""

import asyncio
import os
import re
import secrets
import unicodedata
from collections.abc import Iterable
from typing import Protocol

from argon2 import PasswordHasher as Argon2Library
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from isomod_graphql.identity.errors import WeakPassword

SHORTEST = 12
LONGEST = 128
SCORED_CHARS = 72
"""The estimator's cost grows with the length; what is strong in 72 characters is strong in more."""
LOWEST_SCORE = 3
"""zxcvbn: safely unguessable, more than 10^8 guesses."""


class Passwords(Protocol):
    """Hashes and compares; a test hands in one that counts."""

    async def hash(self, password: str) -> str:
        """What is stored."""
        ...

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether this is the password; None costs as much and never matches."""
        ...

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""
        ...


class Argon2Passwords:
    """argon2id with the library's parameters (64 MiB, 3 passes, 4 lanes)."""

    def __init__(self, library: Argon2Library | None = None, *, at_once: int | None = None) -> None:
        """`at_once` hashes run at the same time: one per core unless told."""
        self._library = library or Argon2Library()
        self._turns = asyncio.Semaphore(at_once or os.cpu_count() or 1)
        self._nobodys = self._library.hash(secrets.token_bytes(32))

    async def hash(self, password: str) -> str:
        """A new salt every time."""
        async with self._turns:
            return await asyncio.to_thread(self._library.hash, _bytes_of(password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """One verification in every case: against nobody's hash where there is none, or the password is too long."""
        fits = stored is not None and len(password) <= LONGEST
        against = stored if fits and stored is not None else self._nobodys
        async with self._turns:
            right = await asyncio.to_thread(self._verify, against, _bytes_of(password[:LONGEST]))
        return right and fits

    def is_outdated(self, stored: str) -> bool:
        """True for other parameters than today's."""
        return self._library.check_needs_rehash(stored)

    def _verify(self, stored: str, password: bytes) -> bool:
        try:
            return self._library.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


async def require_strong(password: str, *, context: Iterable[str], field: str = "password") -> None:
    """Length and guessability only, no composition rules (ASVS 5.0 section 6.2). `context`: address, names.

    Raises WeakPassword.
    """
    if len(password) < SHORTEST:
        raise WeakPassword(f"A password has at least {SHORTEST} characters.", field=field)
    if len(password) > LONGEST:
        raise WeakPassword(f"A password has at most {LONGEST} characters.", field=field)
    if await asyncio.to_thread(_score, password, _words(context)) < LOWEST_SCORE:
        raise WeakPassword(field=field)


def _score(password: str, words: list[str]) -> int:
    found: int = zxcvbn(password[:SCORED_CHARS], user_inputs=words)["score"]
    return found


def _words(context: Iterable[str]) -> list[str]:
    texts = [text.casefold() for text in (*context, "isomod")]
    parts = {part for text in texts for by in (r"\W+", r"[@.\s]+") for part in re.split(by, text)}
    return sorted(word for word in {*texts, *parts} if len(word) > 2)


def _bytes_of(password: str) -> bytes:
    # The same characters typed on two keyboards may differ in code points (NIST SP 800-63B section 5.1.1.2).
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
