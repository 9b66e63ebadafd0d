"""The answer has the media type that the client likes best, by quality, then by its order; the request is JSON."""

import pytest

from isomod_graphql.web.negotiation import Media, negotiate, require_json, takes_events
from isomod_graphql.web.refusals import NotAcceptable, UnsupportedMediaType

RESPONSE, JSON = Media.RESPONSE, Media.JSON


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("APPLICATION/JSON; Charset=UTF-8", JSON),
        ("application/graphql-response+json", RESPONSE),
        ("application/graphql-response+json,application/json;q=0.9", RESPONSE),
        ("application/json;q=0.9,application/graphql-response+json", RESPONSE),
        ("application/json,application/graphql-response+json", JSON),
        ("application/graphql-response+json,application/json", RESPONSE),
        ("application/graphql-response+json;q=0.1,*/*;q=0.5", JSON),
        ("application/json;q=0.5,*/*", RESPONSE),
        ("application/json;q=0,*/*", RESPONSE),
        ("multipart/mixed;deferSpec=20220824,application/json", JSON),
        ("text/event-stream, application/json;q=0.1", JSON),
        ("application/graphql-response+json;q=much, application/json;q=0.2", JSON),
        (
            "application/graphql-response+json, application/graphql+json, application/json, text/event-stream",
            RESPONSE,
        ),
    ],
)
def test_the_answer_is_what_the_client_likes_best(accept: str | None, media: Media) -> None:
    assert negotiate(accept) is media


@pytest.mark.parametrize(
    "accept",
    [
        "text/event-stream;q=0",
        "text/html",
        "application/json;q=0",
        "*/*;q=0",
        "multipart/mixed",
        "application/json;q=2",
    ],
)
def test_a_client_that_likes_nothing_we_have_is_refused(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        negotiate(accept)


@pytest.mark.parametrize("accept", ["text/event-stream", "text/*;q=0.1", "text/event-stream, text/html"])
def test_a_client_that_likes_nothing_but_a_stream_gets_one(accept: str) -> None:
    assert negotiate(accept) is Media.EVENTS


@pytest.mark.parametrize(
    ("accept", "takes"),
    [
        (None, False), ("*/*", False), ("application/json", False), ("text/event-stream;q=0", False),
        ("application/json, text/event-stream;q=0.1", True), ("Text/Event-Stream", True), ("text/*", True),
    ],
)  # fmt: skip
def test_a_stream_is_taken_by_who_says_so(accept: str | None, takes: bool) -> None:
    assert takes_events(accept) is takes


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'],
)
def test_json_in_utf8_is_accepted(content_type: str) -> None:
    require_json(content_type, "identity")


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        (None, None),
        ("", None),
        ("text/plain", None),
        ("text/plain;charset=UTF-8", None),
        ("application/x-www-form-urlencoded", None),
        ("multipart/form-data; boundary=x", None),
        ("application/graphql", None),
        ("application/json; charset=utf-16", None),
        ("application/json", "gzip"),
        ("application/json", "br"),
    ],
)
def test_what_a_form_could_send_or_a_bomb_could_hide_in_is_refused(
    content_type: str | None, encoding: str | None
) -> None:
    with pytest.raises(UnsupportedMediaType):
        require_json(content_type, encoding)
