"""The texts that stand in the personal values of a realm: the documents that ask for them, whom an oracle keeps them from, and where one stands in an answer."""

import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import AsyncIterator, Mapping
from typing import Any

from isomod_graphql.subjects.models import Person
from tests.engine.arguments import Asked, document, literal
from tests.engine.asking import Caller
from tests.engine.documents import CONNECTION, cells, deep, selection
from tests.engine.graph import built
from tests.engine.oracle import FIELDS, Oracle
from tests.engine.proving import Proof
from tests.engine.realm import Canary, Realm

Question = tuple[str, Mapping[str, Any]]
WORD = re.compile(rb"[A-Za-z0-9_+/-]{16,}")


async def questions(proof: Proof, realm: Realm, arguments: list[Asked]) -> AsyncIterator[Question]:
    """Documents that touch every coordinate, and these arguments."""
    _, core, catalogue = built()
    for of in FIELDS:
        ids = [
            text
            for one in zip(proof.realms, proof.oracles, strict=True)
            for _, text in await proof.rows(*one, of)
        ]
        yield cells(core, catalogue, of), {"ids": ids}
    yield deep(core, catalogue, tuple(FIELDS), brief=False), {}
    site, asset = (
        await proof.global_id(realm, "Location", realm["gent"]),
        await proof.global_id(realm, "Asset", realm["pump"]),
    )
    ids_of = {"siteId": site, "locationId": site, "parentId": asset, "assetId": asset}
    for one in arguments:
        core_field: Any = core.type_map[one.place.type_name]
        of = core_field.fields[one.place.field].type.of_type.name.removesuffix("Connection")
        chosen = f"{CONNECTION} nodes {{ {selection(core, catalogue, of)} }}"
        text = document(one.place, f"{one.place.argument}: {literal(one, ids_of)}", chosen=chosen)
        row = {"Asset": asset, "Location": site}.get(one.place.type_name)
        yield text, {"id": row} if row else {}


async def forbidden(proof: Proof, who: Caller) -> dict[str, Canary]:
    """The texts that must not reach this viewer: of the other organisation, and of every value that is not shown raw."""
    now = proof.store.clock.now()
    kept = {}
    for realm, oracle in zip(proof.realms, proof.oracles, strict=True):
        for one in realm.canaries:
            type_name, name = await coordinate(oracle, one)
            seen = await oracle.seen(who.principal, now, type_name, one.row, name)
            if seen is None or not seen.raw:
                kept[one.text] = one
    return kept


async def coordinate(oracle: Oracle, one: Canary) -> tuple[str, str]:
    """The type and the field that show the value."""
    person = one.model is Person
    names = [of for of, (model, _) in FIELDS.items() if model is one.model] or ["User"]
    if person:
        names = ["User" if await oracle.is_member(one.row) else "Contact"]
    fields = FIELDS[names[0]][1]
    shown = [
        name for name, field in fields.items() if field.attribute == one.attribute and name != "displayName"
    ]
    return names[0], shown[0]


def opened(body: bytes) -> bytes:
    """The body, and everything in it that is base64, decoded in both alphabets."""
    parts = [body]
    for word in WORD.findall(body):
        padded = word + b"=" * (-len(word) % 4)
        for decode in (urlsafe_b64decode, b64decode):
            try:
                parts.append(decode(padded))
            except ValueError:
                continue
    return b"\n".join(parts).lower()
