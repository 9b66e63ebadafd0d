"""Assets: equipment that is maintained, in trees of parts and wholes. Refuses a site that is not the site of the asset's location."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, TenantRow, held
from permissions.categories import Category


class AssetStatus(StrEnum):
    """What state the equipment is in (EN 13306 vocabulary where it has a word)."""

    OPERATIONAL = "OPERATIONAL"
    STANDBY = "STANDBY"
    DOWN = "DOWN"
    COMMISSIONING = "COMMISSIONING"
    MODERNIZATION = "MODERNIZATION"
    INSPECTION_SCHEDULED = "INSPECTION_SCHEDULED"
    EMERGENCY_SHUTDOWN = "EMERGENCY_SHUTDOWN"
    RETIRED = "RETIRED"


class AssetCriticality(StrEnum):
    """How much its failure matters, lowest first."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class Asset(TenantRow, Base):
    """A piece of equipment. `custodian_id` answers for it; `created_by_id` is the subject of what the description says."""

    __tablename__ = "assets"
    searched = ("name", "tag", "serial_number", "manufacturer", "model")
    parent_id: Mapped[UUID | None] = held(Category.EQUIPMENT)
    location_id: Mapped[UUID] = held(Category.EQUIPMENT)
    site_id: Mapped[UUID] = held(Category.OPERATIONAL)
    name: Mapped[str] = held(Category.EQUIPMENT, Text)
    name_key: Mapped[str] = held(Category.EQUIPMENT, Text(collation="C"))
    tag: Mapped[str | None] = held(Category.EQUIPMENT, Text(collation="C"))
    serial_number: Mapped[str | None] = held(Category.EQUIPMENT, Text)
    manufacturer: Mapped[str | None] = held(Category.EQUIPMENT, Text)
    model: Mapped[str | None] = held(Category.EQUIPMENT, Text)
    status: Mapped[str] = held(Category.EQUIPMENT, Text)
    criticality: Mapped[str] = held(Category.EQUIPMENT, Text)
    custodian_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    description: Mapped[str | None] = held(Category.NOTES, Text, subject="created_by_id")
    created_by_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "location_id", "site_id"],
            ["locations.tenant_id", "locations.id", "locations.site_id"],
            name="fk_assets_location",
            onupdate="CASCADE",
        ),
        CheckConstraint("parent_id <> id", name="parent"),
        CheckConstraint(f"status IN {tuple(map(str, AssetStatus))}", name="status"),
        CheckConstraint(f"criticality IN {tuple(map(str, AssetCriticality))}", name="criticality"),
        Index("uq_assets_tag", "tenant_id", "tag", unique=True),
        Index("ix_assets_name", "tenant_id", "name_key", "id"),
        Index("ix_assets_status", "tenant_id", "status", "id"),
        Index("ix_assets_criticality", "tenant_id", "criticality", "id"),
        Index("ix_assets_location", "tenant_id", "location_id", "name_key", "id"),
        Index("ix_assets_site", "tenant_id", "site_id", "id"),
        Index("ix_assets_parent", "tenant_id", "parent_id", "name_key", "id"),
        Index("ix_assets_custodian", "tenant_id", "custodian_id", "id"),
        Index("ix_assets_created_by", "tenant_id", "created_by_id", "id"),
    )
