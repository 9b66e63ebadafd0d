"""People: every human that a tenant knows, with or without a login. Keys, restriction, consent and pseudonym hang on this row and nothing else."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, TenantRow, held, sealed
from permissions.categories import Category, Keep
from permissions.purposes import CONSENT

# fmt: off
PERSON_KINDS = ("TECHNICIAN", "REQUESTER", "COLLEAGUE", "CONTACT")  # reason: pseudonyms use these words; no role is meant
# fmt: on
"""The word of the pseudonym: "Technician #7"."""


class Person(TenantRow, Base):
    """The data subject. `flags` is the bit mask of subjects.facts: restricted categories, consents, erasure."""

    __tablename__ = "people"
    kind: Mapped[str] = held(Category.OPERATIONAL, Text)
    pseudonym_number: Mapped[int] = held(Category.OPERATIONAL, Integer)
    site_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    flags: Mapped[int] = held(Category.OPERATIONAL, Integer, default=0, server_default="0")
    email_index: Mapped[bytes | None] = held(Category.CONTACT, LargeBinary, subject="id", keep=Keep.ACCOUNT)
    erased_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    name: Mapped[str | None] = sealed(Category.IDENTITY, keep=Keep.ACCOUNT, subject="id", number=1)
    job_title: Mapped[str | None] = sealed(Category.IDENTITY, keep=Keep.ACCOUNT, subject="id", number=2)
    email: Mapped[str | None] = sealed(Category.CONTACT, keep=Keep.ACCOUNT, subject="id", number=3)
    phone: Mapped[str | None] = sealed(Category.CONTACT, keep=Keep.ACCOUNT, subject="id", number=4)
    address: Mapped[str | None] = sealed(Category.CONTACT, keep=Keep.ACCOUNT, subject="id", number=5)
    locale: Mapped[str | None] = sealed(Category.IDENTITY, keep=Keep.ACCOUNT, subject="id", number=6)
    __table_args__ = (
        CheckConstraint(f"kind IN {PERSON_KINDS}", name="kind"),
        Index("uq_people_pseudonym", "tenant_id", "kind", "pseudonym_number", unique=True),
        Index("uq_people_email_index", "tenant_id", "email_index", unique=True),
        Index("ix_people_number", "tenant_id", "pseudonym_number", "id"),
    )


class Restriction(TenantRow, Base):
    """GDPR Article 18: from when to when, for which categories (the bits of subjects.facts), on which ground."""

    __tablename__ = "restrictions"
    person_id: Mapped[UUID] = held(Category.OPERATIONAL)
    categories: Mapped[int] = held(Category.OPERATIONAL, Integer)
    ground: Mapped[str] = held(Category.OPERATIONAL, Text)
    actor_id: Mapped[UUID] = held(Category.OPERATIONAL)
    lifted_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    lift_reason: Mapped[str | None] = sealed(
        Category.NOTES, keep=Keep.EVIDENCE, subject="person_id", number=1
    )
    __table_args__ = (Index("ix_restrictions_person", "tenant_id", "person_id"),)


class Consent(TenantRow, Base):
    """GDPR Article 7(1): one decision about one purpose, never altered; the last one of a purpose holds, as a bit of `people.flags`.

    `sequence` counts a person's decisions from 1.
    `notice_version` and `notice_hash` (SHA-256) say which text was shown in which language, `mechanism` how it was answered.
    """

    __tablename__ = "consents"
    person_id: Mapped[UUID] = held(Category.OPERATIONAL)
    sequence: Mapped[int] = held(Category.OPERATIONAL, Integer)
    purpose: Mapped[str] = held(Category.OPERATIONAL, Text)
    given: Mapped[bool] = held(Category.OPERATIONAL)
    notice_version: Mapped[str] = held(Category.OPERATIONAL, Text)
    notice_hash: Mapped[bytes] = held(Category.OPERATIONAL, LargeBinary)
    locale: Mapped[str] = held(Category.OPERATIONAL, Text)
    mechanism: Mapped[str] = held(Category.OPERATIONAL, Text)
    __table_args__ = (
        CheckConstraint(f"purpose IN {tuple(sorted(map(str, CONSENT)))}", name="purpose"),
        CheckConstraint("mechanism IN ('SESSION', 'TOKEN')", name="mechanism"),
        Index("uq_consents", "tenant_id", "person_id", "sequence", unique=True),
    )
