"""Attempts to break out of generated code and SQL through aliases, variables and strings: their text holds our own names and numbers, and the answers are right."""

import ast
import builtins
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from isomod_graphql.engine.compiler import Compiler
from tests.engine.asking import Answer, Below, Caller, Door
from tests.engine.graph import execution_of
from tests.engine.overhearing import overheard
from tests.engine.proving import Proof

OURS: Final = re.compile(r"every|one|zip|x|r|i(_s)?|[con]\d+(_s)?|v\d+")
PARTS: Final = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.ListComp, ast.comprehension, ast.Dict, ast.Call,
    ast.Name, ast.Load, ast.Store, ast.Subscript, ast.Constant, ast.Attribute, ast.IfExp, ast.Compare, ast.Is, ast.NamedExpr,
    ast.Tuple, ast.Assign,
)  # fmt: skip
LEGAL: Final = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
WORDS: Final = sorted(
    {name for name in (*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *dir(object)) if LEGAL.fullmatch(name)}
    | {"r", "c0", "c0_s", "i", "i_s", "n0", "n0_s", "o0", "v0", "v1", "x", "every", "one", "zip", "me", "known", "make", "cs", "row", "__proto__"}
)  # fmt: skip
NASTY: Final = (
    "'", '"', "\\", "{", "}", "{0}", "%s", "%(a)s", "$1", ":name", ";--", "'; DROP TABLE people; --", '"; raise SystemExit #',
    "\n", "\r\n", "\t", "f'{1}'", "{__import__('os')}", "]}, exit() {[", "\u2028", "é", "\U0001f511", "/*", "*/", "E'\\x00'",
)  # fmt: skip
ALIASED: Final = (
    "{{ {0}: __typename workOrders(first: 9) {{ {0}: totalCount nodes {{ {0}: number a: id requester {{ {0}: name }} }} }} "
    "users(first: 9) {{ nodes {{ {0}: displayName }} edges {{ {0}: cursor node {{ {0}: email }} }} pageInfo {{ {0}: endCursor }} }} "
    "{0}1: assets(first: 9) {{ nodes {{ {0}: custodian {{ {0}: id }} {0}1: children(first: 2) {{ {0}: nodes {{ {0}: tag }} }} }} }} }}"
)
LITERAL: Final = "{ assets(first: 9, filter: {tag: <>, namePrefix: <>, parentId: <>}) { totalCount nodes { id name } } node(id: <>) { id } }"
SENT: Final = (
    "query ($s: String, $id: ID!, $given: AssetFilter) { a: assets(first: 9, filter: {tag: $s, namePrefix: $s}) { totalCount nodes { id name } }"
    " b: assets(first: 9, filter: $given) { nodes { id } } nodes(ids: [$id]) { id } users(first: 9, filter: {namePrefix: $s}) { totalCount } }"
)
DRAWN: Final = settings(
    max_examples=60, deadline=None, database=None, derandomize=True, phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@dataclass
class Bench:
    """Both executors, and what the compiled one was made to write."""

    compiled: Below
    reference: Below
    texts: list[str]

    async def answers(self, who: Caller, text: str, variables: dict[str, Any]) -> tuple[Answer, Answer]:
        """Of each, without a fall-back."""
        before = self.compiled.execution.compiler.answers
        found = await self.compiled(who, text, variables), await self.reference(who, text, variables)
        assert self.compiled.execution.compiler.answers == before + 1
        return found


@pytest.fixture(scope="session")
def bench(proof: Proof) -> Bench:
    """On the realms of the proof."""
    store, texts = overheard(proof.store)
    return Bench(Below(execution_of(store)), Below(execution_of(proof.store, compiles=False)), texts)


@pytest.fixture(scope="session")
def who(proof: Proof) -> Caller:
    """Somebody who reaches everything."""
    _, _, admin = next(proof.callers("admin"))
    return admin


def written(compiler: Compiler) -> Iterator[str]:
    """The text of every generated projector that is kept."""
    for program, _ in compiler.programs._kept.values():
        for stage in program.all_stages():
            for slot in stage.slots:
                for variant in slot.variants.values():
                    yield from (projector.source for projector in variant.projectors.values())


def statements(compiler: Compiler) -> Iterator[str]:
    """The text of every statement that is kept, with the names of its parameters."""
    for program, _ in compiler.programs._kept.values():
        for stage in program.all_stages():
            yield from (" ".join([sql.text, *sql.names]) for sql in stage.statements)


def foreign(source: str) -> list[str]:
    """What stands in a generated function that is neither a name of ours nor a number."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, PARTS):
            found.append(type(node).__name__)
        elif isinstance(node, ast.Name) and not OURS.fullmatch(node.id):
            found.append(node.id)
        elif isinstance(node, ast.arg) and not OURS.fullmatch(node.arg):
            found.append(node.arg)
        elif isinstance(node, ast.FunctionDef) and node.name not in {"every", "one"}:
            found.append(node.name)
        elif isinstance(node, ast.Attribute) and node.attr != "get":
            found.append(node.attr)
        elif isinstance(node, ast.Constant) and node.value is not None and type(node.value) is not int:
            found.append(repr(node.value))
    return found


def renamed(data: Any, name: str) -> Any:  # noqa: ANN401  JSON
    """The answer as it would be with another alias."""
    if isinstance(data, dict):
        return {
            {name: "plain", f"{name}1": "plain1"}.get(key, key): renamed(value, name)
            for key, value in data.items()
        }
    return [renamed(one, name) for one in data] if isinstance(data, list) else data


@pytest.mark.parametrize("group", range(8))
async def test_every_word_may_be_an_alias(bench: Bench, who: Caller, group: int) -> None:
    plain, _ = await bench.answers(who, ALIASED.format("plain"), {})
    for name in WORDS[group::8]:
        compiled, reference = await bench.answers(who, ALIASED.format(name), {})

        assert orjson.dumps(compiled.data) == orjson.dumps(reference.data)
        assert orjson.dumps(renamed(compiled.data, name)) == orjson.dumps(plain.data)
    assert [one for source in written(bench.compiled.execution.compiler) for one in foreign(source)] == []


@DRAWN
@given(name=st.from_regex(LEGAL, fullmatch=True).filter(lambda name: len(name) > 3))
async def test_no_alias_stands_in_generated_code(bench: Bench, who: Caller, name: str) -> None:
    alias = f"{name}_qz_"
    compiled, reference = await bench.answers(who, ALIASED.format(alias), {})

    compiler = bench.compiled.execution.compiler
    assert orjson.dumps(compiled.data) == orjson.dumps(reference.data)
    assert [text for text in (*written(compiler), *statements(compiler)) if "_qz_" in text] == []


@DRAWN
@given(
    parts=st.lists(st.one_of(st.sampled_from(NASTY), st.text(st.characters(codec="utf-8", exclude_characters="\x00"))))
)  # fmt: skip
async def test_no_value_stands_in_code_or_sql(bench: Bench, who: Caller, parts: list[str]) -> None:
    value = "qzq" + "".join(parts) + "qzq"
    spelled = orjson.dumps(value).decode()
    variables = {"s": value, "id": value, "given": {"tag": value, "namePrefix": value, "siteId": value}}
    plain = {"s": "a", "id": "a", "given": {"tag": "a", "namePrefix": "a", "siteId": "a"}}
    bench.texts.clear()
    await bench.answers(who, LITERAL.replace("<>", '"a"'), {})
    await bench.answers(who, SENT, plain)
    expected = list(bench.texts)
    bench.texts.clear()

    by_literal = await bench.answers(who, LITERAL.replace("<>", spelled), {})
    by_variable = await bench.answers(who, SENT, variables)

    assert bench.texts == expected
    assert (
        by_literal[0].data == by_literal[1].data == {"assets": {"totalCount": 0, "nodes": []}, "node": None}
    )
    assert by_variable[0].data == by_variable[1].data
    assert by_variable[0].data["a"] == {"totalCount": 0, "nodes": []}
    compiler = bench.compiled.execution.compiler
    assert [text for text in (*written(compiler), *statements(compiler)) if "qzq" in text] == []


async def test_a_text_that_postgresql_cannot_hold_comes_through_no_door(bench: Bench, who: Caller) -> None:
    """NUL, as a literal and as a variable, however it compares."""
    door = Door(bench.compiled.execution)
    bench.texts.clear()
    for field in ("tag", "namePrefix", "parentId"):
        text = f"{{ assets(first: 2, filter: {{{field}: <>}}) {{ totalCount }} }}"
        variable = "$id" if field == "parentId" else "$s"
        for value, sent in (('"a\\u0000b"', {}), (variable, {"s": "a\x00b", "id": "a\x00b"})):
            answer = await door(who, _head(value) + text.replace("<>", value), sent)

            assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"])
    assert bench.texts == []


def _head(value: str) -> str:
    return {"$s": "query ($s: String)", "$id": "query ($id: ID)"}.get(value, "")


def test_a_foreign_name_would_be_found() -> None:
    """What the proof stands on: each kind of stranger in a projector."""
    strangers = ["exit()", "'a'", "r.__class__", "[v for v in r]", "lambda: 1", "1.5", "f'{r}'"]

    assert [bool(foreign(f"def one(r):\n    return {one}\n")) for one in strangers] == [True] * len(strangers)
    assert foreign("def one(r, o0):\n    c1 = r[1]\n    return {v0: c1, v1: o0.get(v2), v3: None}\n") == []
