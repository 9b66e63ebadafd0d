"""Tables whose rows have a parent in the same table: what lies below a row, and one change of shape at a time. Refuses a circle."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, func, literal, select, true

from isomod_graphql.core.errors import Refusal
from isomod_graphql.core.store import Transaction


class Cycle(Refusal):
    """Something would come to lie inside itself."""

    code = "CYCLE"
    message = "A record cannot be put below itself or below one of its own parts."


async def hold_shape(tx: Transaction, table: Table) -> None:
    """Waits until nobody else of the tenant changes or relies on the shape of this tree, until the transaction ends.

    Two moves that are each harmless can make a circle together.
    """
    await tx.run(select(func.pg_advisory_xact_lock(_key(tx, table))))


async def share_shape(tx: Transaction, table: Table) -> None:
    """Waits until nobody changes the shape of this tree, and keeps it so; others may share it.

    Whoever puts a record at a place of the tree does so before locking any row: a move locks from the tree downwards.
    """
    await tx.run(select(func.pg_advisory_xact_lock_shared(_key(tx, table))))


def _key(tx: Transaction, table: Table) -> ColumnElement[int]:
    return func.hashtextextended(literal(f"tree:{table.name}:{tx.tenant_id}"), 0)


async def levels_below(
    tx: Transaction, table: Table, root_id: UUID, *, along: ColumnElement[bool] | None = None
) -> Mapping[UUID, int]:
    """The row itself (level 0) and all below it by level; `along` limits which children are followed.

    `hold_shape` comes first. Ends on a tree of any height: a child is visited below its parent only.
    """
    columns: Any = table.c
    start = select(columns.id, literal(0).label("level"))
    tree = start.where(columns.tenant_id == tx.tenant_id, columns.id == root_id).cte(
        f"{table.name}_below", recursive=True
    )
    children = select(columns.id, tree.c.level + 1).join(tree, columns.parent_id == tree.c.id)
    tree = tree.union(children.where(columns.tenant_id == tx.tenant_id, true() if along is None else along))
    return {row.id: row.level for row in await tx.all(select(tree.c.id, tree.c.level))}
