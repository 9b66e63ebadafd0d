"""The measures of the house: lengths, module sentences, types and patches; counts, and judges no style."""

import ast
from collections.abc import Iterable, Sequence

from tests.architecture.sources import Source

Function = ast.FunctionDef | ast.AsyncFunctionDef
HISTORY = "migrations/versions/"
"""A migration is history: it is not split afterwards, so its length is not measured."""

PATCHES = {"patch", "MagicMock", "Mock", "AsyncMock", "create_autospec", "monkeypatch.setattr", "mocker"}


def p95(values: Iterable[int]) -> int:
    ordered = sorted(values)
    return ordered[(len(ordered) * 95 - 1) // 100] if ordered else 0


def functions(source: Source) -> list[Function]:
    return [node for node in ast.walk(source.tree) if isinstance(node, Function)]


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def file_lengths(sources: Sequence[Source]) -> dict[str, int]:
    return {source.path: len(source.lines) for source in sources if not source.within(HISTORY)}


def function_lengths(sources: Sequence[Source]) -> dict[str, int]:
    return {
        f"{source.path}:{function.lineno} {function.name}": length(function)
        for source in sources
        if not source.within(HISTORY)
        for function in functions(source)
    }


def longer_than(lengths: dict[str, int], most: int) -> list[str]:
    return [f"{name} ({lines})" for name, lines in lengths.items() if lines > most]


def without_sentence(sources: Sequence[Source]) -> list[str]:
    return [s.path for s in sources if s.text.strip() and not ast.get_docstring(s.tree)]


def untyped(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        for function in functions(source):
            arguments = function.args
            named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            named += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
            bare = [a.arg for a in named if a.annotation is None and a.arg not in {"self", "cls"}]
            if function.returns is None:
                bare.append("return")
            found += [f"{source.path}:{function.lineno} {function.name}({name})" for name in bare]
    return found


def proven(sources: Sequence[Source]) -> list[str]:
    return [
        f"{source.path} {function.name}"
        for source in sources
        if source.within("tests/")
        for function in functions(source)
        if function.name.startswith("test")
    ]


def patches(sources: Sequence[Source]) -> list[str]:
    """Calls in tests that swap a part of the product for something else."""
    found = []
    for source in sources:
        if not source.within("tests/"):
            continue
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            if name in PATCHES or {name.split(".")[-1], name.split(".")[0]} & PATCHES:
                found.append(f"{source.path}:{node.lineno} {name}")
    return found
