"""Words by which locations, assets and work orders are found; those of the rows that are there are read once."""

from itertools import islice

from alembic import op
from sqlalchemy import text

from isomod_graphql.core.ddl import guard_tenant_table
from isomod_graphql.core.search import words_of

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SEARCHED = {
    "locations": "name",
    "assets": "concat_ws(' ', name, tag, serial_number, manufacturer, model)",
    "work_orders": "concat_ws(' ', number, title)",
}
BATCH = 5_000


def upgrade() -> None:
    """Creates the table and fills it; for that moment the owner sees the rows of every organisation."""
    op.execute("""
        CREATE TABLE search_words (
            tenant_id uuid NOT NULL, kind text COLLATE "C" NOT NULL, word text COLLATE "C" NOT NULL, row_id uuid NOT NULL,
            CONSTRAINT pk_search_words PRIMARY KEY (tenant_id, kind, word, row_id))
    """)
    op.execute("CREATE INDEX ix_search_words_row ON search_words (tenant_id, kind, row_id)")
    for table, said in SEARCHED.items():
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        _fill(table, said)
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    guard_tenant_table(op, "search_words", rights="SELECT, INSERT, DELETE")


def _fill(table: str, said: str) -> None:
    connection = op.get_bind()
    rows = connection.execute(text(f"SELECT tenant_id, id, {said} AS said FROM {table}"))
    put = text("""
        INSERT INTO search_words (tenant_id, kind, word, row_id)
        SELECT given.tenant, :kind, given.word, given.id
        FROM unnest(CAST(:tenants AS uuid[]), CAST(:words AS text[]), CAST(:ids AS uuid[])) AS given (tenant, word, id)
    """)
    while batch := list(islice(rows, BATCH)):
        found = [(row.tenant_id, word, row.id) for row in batch for word in words_of(row.said)]
        if found:
            tenants, words, ids = zip(*found, strict=True)
            given = {"kind": table, "tenants": list(tenants), "words": list(words), "ids": list(ids)}
            connection.execute(put, given)
