"""Which media type an answer has and which a request may have. It refuses a stream to who would take a plain answer.

RFC 9110 section 12.5.1 decides by quality and specificity; among equals the order of the header decides.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache

from isomod_graphql.web.refusals import NotAcceptable, UnsupportedMediaType


class Media(StrEnum):
    """The media types of an answer."""

    RESPONSE = "application/graphql-response+json"
    JSON = "application/json"
    EVENTS = "text/event-stream"
    """GraphQL over SSE, distinct connections: of subscriptions, and for who takes nothing else."""


RANGES = {
    Media.RESPONSE.value: (Media.RESPONSE,),
    Media.JSON.value: (Media.JSON,),
    "application/*": (Media.JSON, Media.RESPONSE),
    "*/*": (Media.JSON, Media.RESPONSE),
}
"""What each media range of a client covers. Those who ask for anything at all get what every client reads."""


STREAMS = frozenset({Media.EVENTS.value, "text/*"})

LONGEST_KEPT = 256
"""Characters of a header whose meaning is remembered; longer ones are read anew, so that memory stays small."""


def negotiate(accept: str | None) -> Media:
    """GraphQL over HTTP section 6.1: without a wish the answer is application/json. Raises NotAcceptable."""
    if accept is None:
        return Media.JSON
    return _negotiated(accept) if len(accept) <= LONGEST_KEPT else _negotiate(accept)


def takes_events(accept: str | None) -> bool:
    """A stream is among what the client takes, however little it likes it. A wildcard does not mean one."""
    wanted = [quality for name, quality in _ranges(accept or "") if name in STREAMS]
    return max(wanted, default=0.0) > 0


def require_json(content_type: str | None, content_encoding: str | None = None) -> None:
    """The body is JSON in UTF-8, not compressed; forms are refused because another site can send them."""
    if not _is_json_type(content_type or ""):
        raise UnsupportedMediaType
    if content_encoding is not None and content_encoding.strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaType


def _negotiate(accept: str) -> Media:
    if not accept.strip():
        return Media.JSON
    best: dict[Media, tuple[int, float, int]] = {}
    for order, (name, quality) in enumerate(_ranges(accept)):
        covered = RANGES.get(name, ())
        for media in covered:
            specificity = 2 if len(covered) == 1 else 1 if name != "*/*" else 0
            wish = (specificity, quality, -order)
            if media not in best or specificity > best[media][0]:
                best[media] = wish
    wanted = [(quality, order, media) for media, (_, quality, order) in best.items() if quality > 0]
    if not wanted:
        if takes_events(accept):
            return Media.EVENTS
        raise NotAcceptable
    top = max((quality, order) for quality, order, _ in wanted)
    equals = [media for quality, order, media in wanted if (quality, order) == top]
    return Media.JSON if Media.JSON in equals else equals[0]


_negotiated = lru_cache(maxsize=256)(_negotiate)


def _is_json_type(content_type: str) -> bool:
    if content_type == Media.JSON.value:
        return True
    name, parameters = _split(content_type)
    return name == Media.JSON and parameters.get("charset", "utf-8") in {"utf-8", "utf8"}


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(","):
        name, parameters = _split(part)
        if name:
            yield name, _quality(parameters.get("q"))


def _split(text: str) -> tuple[str, dict[str, str]]:
    name, *rest = text.split(";")
    pairs = (part.partition("=") for part in rest)
    return name.strip().lower(), {
        key.strip().lower(): value.strip().strip('"').lower() for key, _, value in pairs
    }


def _quality(text: str | None) -> float:
    """A quality that cannot be read counts as none: the client did not ask for this clearly."""
    if text is None:
        return 1.0
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0
