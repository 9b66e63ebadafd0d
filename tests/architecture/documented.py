"""The settings that code reads and documents speak of; knows their names, not their meaning."""

import ast
import re
from collections.abc import Sequence

from tests.architecture.sources import Source

SETTING = re.compile(r"\bISOMOD_[A-Z][A-Z_]*[A-Z]\b")
OF_PLATFORM = {"XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY"}
"""Read or set for a library's sake; an operator has nothing to decide."""


def spoken_of(text: str) -> set[str]:
    return set(SETTING.findall(text))


def read_from_environment(sources: Sequence[Source]) -> set[str]:
    """Names in os.environ[...], os.environ.get(...), os.getenv(...) of the product."""
    found = set()
    for source in sources:
        if not source.within("isomod_graphql/", "schema/", "permissions/", "migrations/"):
            continue
        for node in ast.walk(source.tree):
            argument: ast.expr | None = None
            if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
                argument = node.slice
            elif isinstance(node, ast.Call) and re.search(r"environ\.\w+$|getenv$", ast.unparse(node.func)):
                argument = next(iter(node.args), None)
            if isinstance(argument, ast.Constant):
                found.add(str(argument.value))
    return found - OF_PLATFORM
