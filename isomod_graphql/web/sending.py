"""An answer on its way out: status, headers as they go over the wire, and the body as it is. It refuses to copy a body."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from starlette.types import Send

from isomod_graphql.core.errors import IsoModError
from isomod_graphql.web.negotiation import Media
from isomod_graphql.web.refusals import MethodNotAllowed, RateLimited

RawHeader = tuple[bytes, bytes]

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})

TYPE: Final[Mapping[Media, RawHeader]] = {
    media: (b"content-type", f"{media}; charset=utf-8".encode()) for media in Media
}
COMPLETE: Final = b"event: complete\ndata:\n\n"
PRIVATE: Final[RawHeader] = (b"cache-control", b"private, no-store")
VARY: Final[RawHeader] = (b"vary", b"Accept, Authorization, Cookie")


class CutOff(Exception):
    """An answer that has begun cannot be finished: the connection ends, so that nobody takes what came for the whole."""


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str] = NO_HEADERS


def headers_of(refusal: IsoModError, status: int) -> Mapping[str, str]:
    """What a refusal tells besides its body."""
    if isinstance(refusal, MethodNotAllowed):
        return {"allow": refusal.allow}
    if isinstance(refusal, RateLimited):
        return {"retry-after": str(refusal.retry_after), **refusal.headers}
    if status == 401:
        return {"www-authenticate": "Bearer"}
    return {"retry-after": "1"} if status == 503 else NO_HEADERS


async def send_answer(send: Send, answer: Answer, media: Media, told: Mapping[str, str]) -> None:
    """`told` are headers of the exchange (what is left to spend); those of the answer stand above them."""
    if media is Media.EVENTS:
        media, answer = _as_events(answer)
    raw = [TYPE[media], (b"content-length", b"%d" % len(answer.body)), PRIVATE, VARY]
    if answer.headers:
        raw = _merged(raw, {**told, **answer.headers})
    else:
        raw += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})


def framed(body: bytes) -> bytes:
    """One event `next`; JSON holds no line break outside of its texts, and none within."""
    return b"event: next\ndata: " + body + b"\n\n"


def _as_events(answer: Answer) -> tuple[Media, Answer]:
    """What was run is one event and its end; a request that was refused is no stream."""
    if answer.status not in {200, 294}:
        return Media.RESPONSE, answer
    return Media.EVENTS, answer._replace(status=200, body=framed(answer.body) + COMPLETE)


def _merged(raw: list[RawHeader], more: Mapping[str, str]) -> list[RawHeader]:
    """Several cookies come as lines of one value: a cookie header cannot be joined by commas (RFC 6265 section 3)."""
    headers = dict(raw)
    for name, value in more.items():
        headers[name.lower().encode("latin-1")] = value.encode("latin-1")
    return [(name, line) for name, value in headers.items() for line in value.split(b"\n")]
