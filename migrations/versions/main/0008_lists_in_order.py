"""Indexes of lists under a row hold their order: the first of many are read without reading and sorting all of them."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LISTS = (
    ("ix_work_orders_asset", "work_orders", "asset_id, number"),
    ("ix_assets_location", "assets", "location_id, name_key, id"),
    ("ix_assets_parent", "assets", "parent_id, name_key, id"),
    ("ix_locations_parent", "locations", "parent_id, name_key, id"),
)


def upgrade() -> None:
    """Takes the place of the index by id alone."""
    for name, table, columns in LISTS:
        op.execute(f"DROP INDEX {name}")
        op.execute(f"CREATE INDEX {name} ON {table} (tenant_id, {columns})")
