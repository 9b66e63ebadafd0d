"""The graph of our own imports; ignores what is imported for type checking only, as nothing runs there."""

import ast
from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from tests.architecture.sources import Source


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported(source: Source) -> Iterator[tuple[str, str]]:
    """Pairs of module and name; the name is empty for `import module`."""
    pending: list[ast.AST] = [source.tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            pending += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((absolute(source, node), alias.name) for alias in node.names)
        pending += ast.iter_child_nodes(node)


def absolute(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module_name(source.path).split(".")
    if not source.path.endswith("/__init__.py"):
        package = package[:-1]
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


def graph(sources: Sequence[Source]) -> dict[str, set[str]]:
    names = {module_name(source.path): source for source in sources}
    edges: dict[str, set[str]] = {}
    for name, source in names.items():
        targets = set()
        for module, member in imported(source):
            inner = f"{module}.{member}"
            targets |= {inner} & names.keys() or {module} & names.keys()
        edges[name] = targets - {name}
    return edges


def cycle(edges: dict[str, set[str]]) -> list[str]:
    """The modules of one cycle in the order of their imports, or an empty list."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        path: list[str] = error.args[1]
        return path
    return []
