"""Many rows in few statements: one INSERT from arrays per few thousand rows. Refuses columns that differ between rows."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from isomod_graphql.core.columns import Base
from isomod_graphql.core.search import put_words
from isomod_graphql.core.store import Transaction

BATCH = 5_000
_DIALECT: Any = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects are untyped


async def put_rows(tx: Transaction, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Inserts the rows; `tenant_id` is the transaction's. COPY would be refused under row level security."""
    if not rows:
        return
    names = list(rows[0])
    statement = text(_statement(model, names))
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        await tx.run(statement.bindparams(tenant=tx.tenant_id, **_columns(names, batch)))
        await put_words(tx, model, batch)


def _statement(model: type[Base], names: Iterable[str]) -> str:
    table: Table = model.__table__  # type: ignore[assignment]  # a mapped class always has a Table here
    arrays = ", ".join(f"CAST(:{name} AS {_sql_type(table.c[name].type)}[])" for name in names)
    columns = ", ".join(names)
    return f"INSERT INTO {table.name} (tenant_id, {columns}) SELECT :tenant, * FROM unnest({arrays})"


def _sql_type(column_type: Any) -> str:  # noqa: ANN401  any SQLAlchemy type
    return str(column_type.compile(dialect=_DIALECT)).partition(" COLLATE")[0]


def _columns(names: Iterable[str], rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in names}


def id_in_order(at: datetime, position: int) -> UUID:
    """A UUIDv7 of this instant; among those of one instant the one with the higher position comes later."""
    millis = int(at.timestamp() * 1000)
    return UUID(int=(millis & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | 0x2 << 62 | position)
