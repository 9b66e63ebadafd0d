"""Locations: a forest of places whose roots are the sites. Refuses a place whose site is not its parent's: the database follows a move by itself."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Double, ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, TenantRow, held
from permissions.categories import Category

DEEPEST = 19
"""The depth of a site is 0."""


class Location(TenantRow, Base):
    """A place of work. `site_id` is its root's id; `name_key` is core.text.fold of the name."""

    __tablename__ = "locations"
    searched = ("name",)
    parent_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    site_id: Mapped[UUID] = held(Category.OPERATIONAL)
    depth: Mapped[int] = held(Category.OPERATIONAL, Integer)
    name: Mapped[str] = held(Category.OPERATIONAL, Text)
    name_key: Mapped[str] = held(Category.OPERATIONAL, Text(collation="C"))
    address: Mapped[str | None] = held(Category.OPERATIONAL, Text)
    latitude: Mapped[float | None] = held(Category.OPERATIONAL, Double)
    longitude: Mapped[float | None] = held(Category.OPERATIONAL, Double)
    time_zone: Mapped[str] = held(Category.OPERATIONAL, Text)
    __table_args__ = (
        UniqueConstraint("tenant_id", "id", "site_id", name="uq_locations_site"),
        ForeignKeyConstraint(
            ["tenant_id", "parent_id", "site_id"],
            ["locations.tenant_id", "locations.id", "locations.site_id"],
            name="fk_locations_parent",
            onupdate="CASCADE",
        ),
        CheckConstraint("(parent_id IS NULL) = (site_id = id)", name="site"),
        CheckConstraint(f"depth BETWEEN 0 AND {DEEPEST} AND (depth = 0) = (parent_id IS NULL)", name="depth"),
        CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL) AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
            name="position",
        ),
        Index("ix_locations_name", "tenant_id", "name_key", "id"),
        Index("ix_locations_parent", "tenant_id", "parent_id", "name_key", "id"),
        Index("ix_locations_site", "tenant_id", "site_id", "id"),
    )
