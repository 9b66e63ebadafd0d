"""What a migration does to every tenant table: row level security forced on the owner too, and rights of the app role. Refuses nothing; writes DDL only."""

from collections.abc import Sequence
from typing import Protocol

APP_ROLE = "isomod_app"


class Operations(Protocol):
    """Alembic's `op`, as far as it is used here."""

    def execute(self, sqltext: str) -> None:
        """Runs one statement."""


def guard_tenant_table(op: Operations, table: str, *, rights: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Forces row level security by tenant and grants `rights` to the app role."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    mine = "tenant_id = (SELECT current_setting('app.tenant_id')::uuid)"
    op.execute(f"CREATE POLICY tenant ON {table} USING ({mine}) WITH CHECK ({mine})")
    op.execute(f"GRANT {rights} ON {table} TO {APP_ROLE}")


def month_partitions(op: Operations, table: str, months: Sequence[tuple[int, int]]) -> None:
    """Creates the partitions of these (year, month) pairs and a default one that catches clock mistakes."""
    for year, month in months:
        after = f"{year + month // 12:04}-{month % 12 + 1:02}-01"
        name = f"{table}_{year:04}_{month:02}"
        op.execute(
            f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM ('{year:04}-{month:02}-01Z') TO ('{after}Z')"
        )
    op.execute(f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT")


def months(first_year: int, last_year: int) -> list[tuple[int, int]]:
    """Every month of these years."""
    return [(year, month) for year in range(first_year, last_year + 1) for month in range(1, 13)]
