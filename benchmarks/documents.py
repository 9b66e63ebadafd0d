"""The same questions in the words of each server: the three workloads, and a chain of links of any depth up to six. It refuses to ask one server for more."""

from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
PRODUCT: Final = "product"
POSTGRAPHILE: Final = "postgraphile"
VANILLA: Final = "vanilla_strawberry"
SQL: Final = "sql_limit"
"""It reads the operation's name only, so it is asked in the product's words."""

DEPTHS: Final = range(1, 7)
ROWS: Final = (10, 50, 100)

_CHAIN: Final = (
    ("locations", 5), ("assets", 5), ("workOrders", 4), ("asset", 0), ("location", 0), ("assets", 2),
)  # fmt: skip
"""What is followed, and how many of each; 0 is a link to one."""

_POSTGRAPHILE_NAMES: Final = {
    ("locations", 0): "allLocations",
    ("assets", 1): "assetsByLocationId",
    ("workOrders", 2): "workOrdersByAssetId",
    ("asset", 3): "assetByAssetId",
    ("location", 4): "locationByLocationId",
    ("assets", 5): "assetsByLocationId",
}


def document(dialect: str, workload: str) -> str:
    """The document of a workload."""
    folder = HERE / "queries" if dialect in {PRODUCT, SQL} else HERE / "peers" / "queries" / dialect
    return (folder / f"{workload}.graphql").read_text(encoding="utf-8")


def deep(dialect: str, depth: int) -> str:
    """Follows the chain `depth` links far and reads a name at each."""
    return f"query Deep{depth} {{ {_link(dialect, 0, depth)} }}"


def _link(dialect: str, position: int, depth: int) -> str:
    name, count = _CHAIN[position]
    leaf = "title" if name == "workOrders" else "name"
    inner = f"{leaf} {_link(dialect, position + 1, depth)}" if position + 1 < depth else leaf
    if dialect == POSTGRAPHILE:
        name = f"{name}: {_POSTGRAPHILE_NAMES[name, position]}"
    if not count:
        return f"{name} {{ {inner} }}"
    rows = inner if dialect == VANILLA else f"nodes {{ {inner} }}"
    return f"{name}(first: {count}) {{ {rows} }}"
