"""Documents made from the schema: whatever it shows is asked for, so that a new field is in the proofs without a word. They hold no expectation."""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import GraphQLSchema, get_named_type, is_leaf_type

from isomod_graphql.engine.catalogue import Catalogue

CONNECTION = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor }"

PEOPLE_ROLES = "teams { __typename id name } roles { __typename id role expiresAt site { __typename id } }"


def cell_fields(schema: GraphQLSchema, catalogue: Catalogue, type_name: str) -> list[str]:
    """Every value and every to-one link of a type that stands for a row."""
    core: Any = schema.type_map[type_name]
    links = {name for name, spec in catalogue.fields_of_type[type_name].items() if spec.link is not None}
    return [
        name
        for name, field in core.fields.items()
        if name in links or (is_leaf_type(get_named_type(field.type)) and not field.args)
    ]


def selection(schema: GraphQLSchema, catalogue: Catalogue, type_name: str) -> str:
    """These fields as a selection; of a linked row the id."""
    core: Any = schema.type_map[type_name]
    parts = [
        name if is_leaf_type(get_named_type(core.fields[name].type)) else f"{name} {{ __typename id }}"
        for name in cell_fields(schema, catalogue, type_name)
    ]
    return " ".join(parts)


def cells(schema: GraphQLSchema, catalogue: Catalogue, type_name: str) -> str:
    """All of them for any ids."""
    chosen = selection(schema, catalogue, type_name)
    return (
        f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename id ... on {type_name} {{ {chosen} }} }} }}"
    )


def objects(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:  # noqa: ANN401  JSON
    """Every JSON object of an answer with its path, in document order."""
    if isinstance(data, dict):
        yield path, data
        for key, value in data.items():
            yield from objects(value, (*path, key))
    elif isinstance(data, list):
        for at, value in enumerate(data):
            yield from objects(value, (*path, at))


def listed_masks(
    answer_data: Any,  # noqa: ANN401  JSON
    masking: Mapping[str, Any],
) -> dict[tuple[str | int, ...], list[tuple[str, str, str]]]:
    """What `extensions.masking` says, per path: (coordinate, mask, reason). Reads it as a client would, from the answer alone."""
    places: dict[tuple[str, ...], list[tuple[str | int, ...]]] = {}
    for path, value in objects(answer_data):
        for key in value:
            whole = (*path, key)
            pattern = tuple("*" if isinstance(step, int) else step for step in whole)
            places.setdefault(pattern, []).append(whole)
    found: dict[tuple[str | int, ...], list[tuple[str, str, str]]] = {}
    for entry in masking.get("fields", ()):
        here = places[tuple(entry["path"])]
        for whole, masked in zip(here, _bits(entry["rows"], len(here)), strict=True):
            if masked:
                found.setdefault(whole, []).append((entry["coordinate"], entry["mask"], entry["reason"]))
    return found


def _bits(rows: str, size: int) -> list[bool]:
    if rows == "ALL":
        return [True] * size
    raw = b64decode(rows)
    assert len(raw) == (size + 7) // 8
    return [bool(raw[at // 8] & (0x80 >> at % 8)) for at in range(size)]


def deep(schema: GraphQLSchema, catalogue: Catalogue, types: tuple[str, ...], *, brief: bool = True) -> str:
    """Orders with their people, their equipment and their history, three levels down; `brief`: of a person one field per category."""
    values = {of: selection(schema, catalogue, of) for of in types}
    if brief:
        values |= {
            "User": "displayName name email lastSeenAt restricted",
            "Contact": "displayName name email restricted",
        }
    person = f"... on User {{ {values['User']} {PEOPLE_ROLES} }} ... on Contact {{ {values['Contact']} }}"
    own = {
        of: text.replace("{ __typename id }", f"{{ __typename id {person} }}") for of, text in values.items()
    }
    order = own["WorkOrder"]
    for plain in ("asset", "location"):
        order = order.replace(f"{plain} {{ __typename id {person} }}", f"{plain} {{ __typename id }}")
    return (
        f"{{ workOrders(first: 50) {{ nodes {{ __typename {order} assignees {{ __typename id {person} }}"
        f" history(first: 5) {{ nodes {{ __typename {own['WorkOrderChange']} }} }} }} }} }}"
    )
