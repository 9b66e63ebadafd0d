"""Finds recognisable texts in bytes: whole or in part, plain or in the codings of answers, logs and letters. It decides nothing about who may see them."""

import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import ahocorasick

BASE64: Final = re.compile(rb"[A-Za-z0-9_+/-]{12,}")
HEX: Final = re.compile(rb"(?:[0-9a-fA-F]{2}){8,}")
ESCAPED: Final = re.compile(rb"\\u([0-9a-fA-F]{4})")
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
SHORTEST: Final = 7


def parts_of(text: str) -> set[str]:
    """What of a text gives it away: each half of it, of a number all but its ends, of a moment its minute."""
    if MOMENT.match(text):
        moment = datetime.fromisoformat(text[:19] + "+00:00")
        return {text[:16], text[:16].replace("T", " "), str(int(moment.timestamp()))}
    if text.isdecimal():
        return {text, text[:-2], text[2:]}
    middle = len(text) // 2
    return {text, text[:middle], text[middle:]}


def _spelled(part: str) -> Iterator[str]:
    """In which writings a part is looked for where case does not count."""
    lower = part.lower()
    raw = lower.encode()
    yield lower
    if not part.isdecimal():
        yield lower[::-1]
    yield raw.hex()
    yield "".join(f"%{byte:02x}" for byte in raw)
    yield lower.encode("utf-16-le").decode("latin-1")


def _coded(raw: bytes) -> Iterator[str]:
    """The letters of base64 that these bytes have wherever they stand in longer ones."""
    for at in range(3):
        skipped = (at * 8 + 5) // 6
        kept = (at + len(raw)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(bytes(at) + raw + bytes(3)).decode("ascii")[skipped:kept]


def views(data: bytes, depth: int = 2) -> Iterator[bytes]:
    """The bytes, and what they hold once base64, hexadecimal digits and escapes in them are read."""
    yield data
    if depth == 0:
        return
    inside: list[bytes] = []
    for word in set(BASE64.findall(data)):
        padded = word + b"=" * (-len(word) % 4)
        for decode in (urlsafe_b64decode, b64decode):
            with suppress(ValueError):
                inside.append(decode(padded))
    inside += [bytes.fromhex(word.decode("ascii")) for word in set(HEX.findall(data))]
    if b"%" in data:
        inside.append(unquote_to_bytes(data))
    if b"\\u" in data:
        inside.append(ESCAPED.sub(lambda found: chr(int(found[1], 16)).encode("utf-8", "replace"), data))
    if inside:
        yield from views(b"\n".join(inside), depth - 1)


class Sieve:
    """Holds back the texts and the raw bytes that it was given."""

    def __init__(self, texts: Iterable[str] = (), raw: Iterable[bytes] = ()) -> None:
        """`raw` are stored bytes, such as hashes: they are found as they are, in hexadecimal and in base64."""
        self._folded: dict[str, str] = {}
        self._exact: dict[str, str] = {}
        for text in texts:
            for part in parts_of(text):
                self._folded |= dict.fromkeys(_spelled(part), text)
                self._exact |= dict.fromkeys(_coded(part.encode()), text)
        for one in raw:
            self._folded[one.hex()] = one.hex()
            self._exact |= dict.fromkeys([one.decode("latin-1"), *_coded(one)], one.hex())
        assert all(len(word) >= SHORTEST for word in (*self._folded, *self._exact))
        self._automata = _automaton(self._folded), _automaton(self._exact)

    def found(self, data: bytes) -> set[str]:
        """Which of them are in the bytes."""
        whole = b"\n".join(views(data)).decode("latin-1")
        folded, exact = self._automata
        return {text for _, text in folded.iter(whole.lower())} | {text for _, text in exact.iter(whole)}


def _automaton(words: dict[str, str]) -> Any:  # noqa: ANN401  the library is untyped
    made = ahocorasick.Automaton()
    for word, text in (words or {"\0nothing is looked for\0": ""}).items():
        made.add_word(word, text)
    made.make_automaton()
    return made
