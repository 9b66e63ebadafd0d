"""Exports made from the schema: every list, its columns alone and together, and drawn ones. They hold no expectation."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Final

import orjson
from graphql import GraphQLSchema, get_named_type, is_leaf_type

from tests.engine.graph import built
from tests.engine.weaving import Weaver, Words
from tests.proofs.house import JSON, Sent

FORMATS: Final = ("CSV", "JSONL")


def order(listing: str, columns: Sequence[str] | None = None, **more: Any) -> Sent:  # noqa: ANN401  members of the body
    """The request; without columns, for all that its caller reads raw."""
    body: dict[str, Any] = {"list": listing, **more}
    return Sent(
        "POST",
        "/export",
        headers=(JSON,),
        body=orjson.dumps(body if columns is None else {**body, "columns": columns}),
    )


def lists(schema: GraphQLSchema) -> list[str]:
    """The names of the lists that this schema has."""
    query: Any = schema.query_type
    return sorted(name for of, name in built()[2].listings if of == query.name and name in query.fields)


def columns(schema: GraphQLSchema, listing: str) -> list[str]:
    """Every value of a row, and of what stands one link away."""
    query: Any = schema.query_type
    row: Any = get_named_type(get_named_type(query.fields[listing].type).fields["nodes"].type)
    found = []
    for name, field in row.fields.items():
        inner: Any = get_named_type(field.type)
        if is_leaf_type(inner):
            found.append(name)
        else:
            found += [
                f"{name}.{one}"
                for one, under in getattr(inner, "fields", {}).items()
                if is_leaf_type(get_named_type(under.type))
            ]
    return found


def every_export(schema: GraphQLSchema, one_in: int) -> Iterator[Sent]:
    """Each list as it comes in both formats, and every column of it alone (of these one in so many)."""
    for listing in lists(schema):
        yield from (order(listing, format=written) for written in FORMATS)
        for at, column in enumerate(columns(schema, listing)):
            if at % one_in == 0:
                yield order(listing, [column], format=FORMATS[at % 2])


def drawn_export(schema: GraphQLSchema, words: Words, random: Random) -> Sent:
    """Some list with some columns and some filter; half of them with whatever is read raw."""
    listing = random.choice(lists(schema) or ["users"])
    query: Any = schema.query_type
    more: dict[str, Any] = {"format": random.choice(FORMATS)}
    field: Any = query.fields.get(listing)
    if field is not None and "filter" in field.args and random.randrange(3):
        more["filter"] = Weaver(schema, words, random).value(field.args["filter"].type, plain=True)[1]
    if field is None or random.randrange(2):
        return order(listing, **more)
    offered = columns(schema, listing)
    return order(listing, random.sample(offered, min(len(offered), random.randint(1, 4))), **more)
