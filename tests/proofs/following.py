"""Subscriptions of the application in this process: a stream is opened, told of rows as if each had just changed, and ended when it has read them. It judges nothing."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final

from graphql import GraphQLSchema, get_named_type, is_leaf_type

from isomod_graphql.core.events import News
from isomod_graphql.web.refusals import ServerStopping
from isomod_graphql.web.subscribers import Seat, Subscribers
from tests.engine.asking import Caller
from tests.engine.graph import built
from tests.proofs.house import JSON, Got, House, Sent, asgi
from tests.proofs.questions import post

A_MOMENT: Final = 0.001
"""A stream tells nobody that it hears, nor that it has read all."""
EVENTS: Final = (b"accept", b"text/event-stream")
ABOUT: Final = {
    "workOrderChanged": ("WorkOrder", "work_order"),
    "assetChanged": ("Asset", "asset"),
    "locationChanged": ("Location", "location"),
}
"""By subscription: the type whose rows it tells of, and what its events are called after."""


def has(schema: GraphQLSchema, name: str) -> bool:
    """Whether callers of this schema have the subscription."""
    return schema.subscription_type is not None and name in schema.subscription_type.fields


def subscription(name: str, schema: GraphQLSchema) -> Sent:
    """Everything that it shows of the row, and of whatever stands one link away; to who does not have it, as to who has all."""
    known = schema if has(schema, name) else built()[1]
    row: Any = known.type_map[ABOUT[name][0]]
    parts = []
    for field, of in row.fields.items():
        inner: Any = get_named_type(of.type)
        if is_leaf_type(inner):
            parts.append(field)
        elif hasattr(inner, "fields") and "edges" not in inner.fields and not of.args:
            parts.append(f"{field} {{ {_leaves(inner)} }}")
        elif "first" in of.args:
            parts.append(
                f"{field}(first: 5) {{ totalCount nodes {{ {_leaves(get_named_type(inner.fields['nodes'].type))} }} }}"
            )
    sent = post(f"subscription {{ {name} {{ {' '.join(parts)} }} }}")
    return Sent("POST", "/graphql", headers=(JSON, EVENTS), body=sent.body)


def _leaves(of: Any) -> str:  # noqa: ANN401  an object or interface type
    return " ".join(
        [
            "__typename",
            *(name for name, field in of.fields.items() if is_leaf_type(get_named_type(field.type))),
        ]
    )


async def follow(house: House, who: Caller, sent: Sent, news: Sequence[News]) -> Got:
    """All that a stream sends that hears these news, and the statements that it took."""
    subscribers = house.parts.subscribers
    house.forget()
    host, bearer = (b"host", b"localhost"), (b"authorization", b"Bearer " + house.token(who))
    stream = asyncio.create_task(asgi(house.app, sent, (host, bearer, *sent.headers)))
    while not stream.done() and not any(_hears(subscribers, seat) for seat in subscribers._seats):  # noqa: ASYNC110
        await asyncio.sleep(A_MOMENT)
    for one in news:
        subscribers._heard(one)
    for seat in list(subscribers._seats):
        while not stream.done() and (seat.due or seat.stirred.is_set()):  # noqa: ASYNC110
            await asyncio.sleep(A_MOMENT)
        seat.end(ServerStopping())
    return await house.heard(await stream)


def _hears(subscribers: Subscribers, seat: Seat) -> bool:
    return seat.topic is not None and subscribers._hears is not None and subscribers._hears.done()


def news_of(name: str, rows: Iterator[tuple[Any, Any]]) -> list[News]:
    """Each of these rows, by organisation and id, has changed."""
    about = ABOUT[name][1]
    return [News(tenant, f"{about}.updated", {f"{about}_id": row}) for tenant, row in rows]
