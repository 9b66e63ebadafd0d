"""The secrets of partners' programs, each with its end. No secret is stored, only what proves one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, TenantRow, held
from permissions.categories import Category


class ClientSecret(TenantRow, Base):
    """One of at most two secrets that are good at once; `ends_at` None is without an end of its own."""

    __tablename__ = "client_secrets"
    client_id: Mapped[UUID] = held(Category.OPERATIONAL)
    secret_hash: Mapped[bytes] = held(Category.CREDENTIAL, LargeBinary)
    ends_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    last_used_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    __table_args__ = (Index("ix_client_secrets_client", "tenant_id", "client_id", "id"),)
