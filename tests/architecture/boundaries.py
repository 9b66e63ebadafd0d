"""Who may say what in the code: roles, commits, transactions, module names; each rule returns the lines that break it."""

import ast
import re
from collections.abc import Iterator, Sequence

from tests.architecture.sources import Source

ROLES = {
    "ADMIN",
    "MANAGER",
    "TECHNICIAN",
    "REQUESTER",
    "VIEWER",
    "QUALITY_MANAGER",
    "AUDITOR",
    "PRIVACY_OFFICER",
    "PARTNER",
    "quality_manager",
    "privacy_officer",
}
"""As strings; lower-case words that are also fields or scopes of the API (viewer, admin) say nothing about a role."""

MAY_NAME_ROLES = (
    "permissions/",
    "tests/",
    "benchmarks/",
    "migrations/versions/",  # A version repeats the list that held on its day.
    "isomod_graphql/cli/demo",  # The demo has one person of every role, by contract.
)
MAY_COMMIT = (
    "isomod_graphql/core/tenancy",
    "isomod_graphql/core/keystore",
    "migrations/",
    "tests/",
    "benchmarks/",
)
OPENS = re.compile(r"\s*(BEGIN|START TRANSACTION)\b")
VAGUE = {"util", "utils", "helper", "helpers", "base", "common", "misc", "shared", "stuff"}


def strings(source: Source) -> Iterator[ast.Constant]:
    """String constants that are values: sentences standing alone are documentation."""
    sentences = {id(node.value) for node in ast.walk(source.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in sentences:
            yield node


def role_names(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if source.within(*MAY_NAME_ROLES):
            continue
        spoken = [(node.lineno, str(node.value)) for node in strings(source) if node.value in ROLES]
        spoken += [
            (node.lineno, f"Role.{node.attr}")
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node.value).split(".")[-1] == "Role"
        ]
        found += [f"{source.path}:{line} {name}" for line, name in spoken if not source.excused(line)]
    return found


def commits(sources: Sequence[Source]) -> list[str]:
    """A service that commits would publish half of what its caller is still doing."""
    return [
        f"{source.path}:{node.lineno}"
        for source in sources
        if not source.within(*MAY_COMMIT)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]


def transaction_openers(sources: Sequence[Source]) -> list[str]:
    """Functions that write BEGIN themselves. One may, as it alone is proven to survive a cancellation."""
    found = set()
    for source in sources:
        if not source.within("isomod_graphql/", "schema/"):
            continue
        owners = [
            node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        for node in strings(source):
            if not OPENS.match(str(node.value)):
                continue
            inner = [f.name for f in owners if f.lineno <= node.lineno <= (f.end_lineno or f.lineno)]
            found.add(f"{source.path} {inner[-1] if inner else 'module'}")
    return sorted(found)


def vague_names(paths: Sequence[str]) -> list[str]:
    return [path for path in paths if VAGUE & set(path.removesuffix(".py").split("/"))]
