"""The TypeScript client, type-checked, with a real Apollo Client and a real urql client against a running server; its `isMasked` reads the list as it is meant."""

import json
from collections.abc import Iterator
from typing import Any, Final

import orjson
import pytest

from isomod_graphql.core.installation import Urls
from permissions.principals import Role
from tests.contract.typescript_client.conftest import Compiled
from tests.engine.asking import Answer, Below
from tests.engine.documents import deep, listed_masks
from tests.engine.graph import built
from tests.engine.oracle import FIELDS
from tests.engine.proving import Proof
from tests.web.serving import Served, add_colleague, serve

NAME: Final = "User.name INITIALS RELATION true"
EMAIL: Final = "User.email NULL ROLE true"
REJECTED: Final = {"data": None, "code": [True]}
DRY: Final = ["User.email NULL gA==", "User.name INITIALS gA=="]


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """The product with one organisation."""
    with serve(urls, "typed") as running:
        yield running


@pytest.fixture(scope="module")
def viewer(product: Served, urls: Urls) -> str:
    """The token of the second of two people, who sees the first one masked."""
    return add_colleague(urls, product, "Vic Masked", Role.VIEWER)[1]


def findings(compiled: Compiled, script: str, product: Served, token: str) -> dict[str, Any]:
    """What a script says, by name."""
    ran = compiled.run(f"build/test/{script}.js", f"{product.origin}/graphql", token)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    return {line["name"]: line["found"] for line in lines}


def test_apollo_client_is_told_of_every_mask(compiled: Compiled, product: Served, viewer: str) -> None:
    assert findings(compiled, "apollo", product, viewer) == {
        "fresh": [NAME, EMAIL, None, None],
        "email": True,
        "id": False,
        "heard": True,
        "cached": [NAME, EMAIL, None, None],
        "requests": 1,
        "nameless": [EMAIL, None],
        "rejected": REJECTED,
        "dry": DRY,
        "dry run leaves the list of the answer": [NAME, None],
        "me": [True, True, False, False],
        "mine": None,
        "forgotten": None,
    }


def test_urql_is_told_of_every_mask(compiled: Compiled, product: Served, viewer: str) -> None:
    for_each = {
        "fresh": [NAME, EMAIL, None, None],
        "email": True,
        "cached": [NAME, EMAIL, None, None],
        "requests": 1,
        "rejected": REJECTED,
        "dry": DRY,
        "after wishes": [[NAME, None], None],
    }

    assert findings(compiled, "urql", product, viewer) == {
        f"{cache} {name}": found for cache in ("document", "normalised") for name, found in for_each.items()
    }


@pytest.mark.parametrize("who", ["admin", "viewer", "requester", "partner", "technician on orders"])
async def test_is_masked_reads_the_list_as_it_is_meant(compiled: Compiled, proof: Proof, who: str) -> None:
    _, _, caller = next(proof.callers(who))
    _, core, catalogue = built()

    answer = await Below(proof.execution)(caller, deep(core, catalogue, tuple(FIELDS)))

    expected = {
        path: [(*mask, True) for mask in masks]
        for path, masks in listed_masks(answer.data, answer.extensions.get("masking", {})).items()
    }
    assert masked(compiled, answer) == {path: mask for path, (mask,) in expected.items()}


async def test_where_the_list_was_cut_the_value_decides(compiled: Compiled, proof: Proof) -> None:
    _, _, caller = next(proof.callers("partner"))
    page = "users(first: 50) { nodes { name phone email jobTitle address locale displayName lastSeenAt } }"
    answer = await Below(proof.execution)(caller, f"{{ {' '.join(f'l{at}: {page}' for at in range(12))} }}")

    found = masked(compiled, answer)

    nodes = [(f"l{at}", place) for at in range(12) for place in range(len(answer.data["l0"]["nodes"]))]
    hidden = {
        (key, "nodes", place, name)
        for key, place in nodes
        for name, value in answer.data[key]["nodes"][place].items()
        if value is None or "•" in value
    }
    assert answer.extensions["masking"]["truncated"] is True
    assert hidden <= found.keys()
    assert {certain for *_, certain in found.values()} == {True, False}
    assert {path[-1] for path in found.keys() - hidden} <= {"displayName"}


def masked(compiled: Compiled, answer: Answer) -> dict[tuple[str | int, ...], tuple[Any, ...]]:
    """Every path that the client takes for masked, with what it says of it."""
    body = orjson.dumps({"data": answer.data, "extensions": answer.extensions}).decode()
    ran = compiled.run("build/test/listing.js", given=body)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    names = ("coordinate", "mask", "reason", "certain")
    return {tuple(line["path"]): tuple(line.get(name) for name in names) for line in lines}


def test_the_package_is_imported_under_its_own_names(compiled: Compiled) -> None:
    built_ = compiled.run("node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json")
    code = (
        "import { isMasked, MASKS } from 'isomod-client'; import { MaskingLink } from 'isomod-client/apollo';"
        "import { maskingExchange } from 'isomod-client/urql';"
        "console.log(typeof isMasked, Object.keys(MASKS).length, typeof MaskingLink, typeof maskingExchange)"
    )

    ran = compiled.run("--input-type=module", "-e", code)

    assert (built_.returncode, built_.stdout) == (0, "")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "function 9 function function\n", "")
