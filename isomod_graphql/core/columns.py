"""The column manifest: one declaration per column says category, keep, subject, sealed or plain. An unclassified column does not import."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, Integer, LargeBinary, MetaData, Table, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column

from permissions.categories import PERSONAL, Category, Keep

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
TENANTLESS = ("directory", "tenants", "alembic_version")
"""Tables without `tenant_id`; a test pins this tuple."""


class UnclassifiedColumn(TypeError):
    """A column or field without category, keep or subject; raised while the class is created."""


@dataclass(frozen=True, slots=True)
class Held:
    """The class of one stored value. `subject` is the column that holds the person, None when it is about nobody."""

    category: Category
    keep: Keep
    subject: str | None


@dataclass(frozen=True, slots=True)
class SealedField:
    """One value inside a pack. `number` is its key in the pack and is never reused."""

    category: Category
    keep: Keep
    subject: str
    number: int


@dataclass(frozen=True, slots=True)
class Pack:
    """One ciphertext per (row, subject, keep): its column and the fields in it, by attribute name."""

    column: str
    subject: str
    keep: Keep
    numbers: Mapping[str, int] = field(hash=False)


def held(
    category: Category,
    *args: Any,  # noqa: ANN401  handed on to SQLAlchemy
    keep: Keep = Keep.OPERATIONAL,
    subject: str | None = None,
    **kwargs: Any,  # noqa: ANN401  handed on to SQLAlchemy
) -> MappedColumn[Any]:
    """A plain column. A personal category needs the subject column, or nobody could find or erase the value.

    Raises UnclassifiedColumn for a personal category without a subject. CREDENTIAL may stand alone: it is shown to nobody.
    """
    if category in PERSONAL and category is not Category.AUDIT and subject is None:
        raise UnclassifiedColumn(f"a plain {category} column needs subject=")
    return mapped_column(*args, info={"held": Held(category, keep, subject)}, **kwargs)


def sealed(category: Category, *, keep: Keep, subject: str, number: int) -> Any:  # noqa: ANN401  stands in for Mapped[...]
    """A value that is stored only inside the encrypted pack of (row, subject, keep).

    `subject` names the column that holds the person; `number` is the value's key in the pack.
    """
    return SealedField(category, keep, subject, number)


class Base(DeclarativeBase):
    """The declarative base. Collects sealed fields into packs and refuses a column without a class."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[Mapping[Any, Any]] = {
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        int: Integer(),
    }
    sealed_fields: ClassVar[Mapping[str, SealedField]] = {}
    searched: ClassVar[tuple[str, ...]] = ()
    """The plain columns by whose words a row is found (core/search.py)."""
    packs: ClassVar[Mapping[str, Pack]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401  handed on to SQLAlchemy
        """Raises UnclassifiedColumn for a column without `held`, and for a field number used twice in a pack."""
        fields = {name: value for name, value in vars(cls).items() if isinstance(value, SealedField)}
        for name in fields:
            delattr(cls, name)
            cls.__annotations__.pop(name, None)
        cls.sealed_fields = fields
        cls.packs = _packs(fields)
        for pack in cls.packs.values():
            setattr(cls, pack.column, mapped_column(LargeBinary, nullable=True, info={"pack": pack}))
        super().__init_subclass__(**kwargs)
        _refuse_unclassified(cls.__table__)  # type: ignore[arg-type]  # a mapped class always has a Table here


class KeystoreBase(DeclarativeBase):
    """The declarative base of the key database; it holds no personal values, only keys and their fate."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[Mapping[Any, Any]] = {
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        int: Integer(),
    }


class TenantRow:
    """What every tenant table has: the tenant first in the primary key, a UUIDv7, an optimistic version, two times."""

    tenant_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    version: Mapped[int] = held(Category.OPERATIONAL, default=1, server_default="1", nullable=False)
    created_at: Mapped[datetime] = held(Category.OPERATIONAL, nullable=False)
    updated_at: Mapped[datetime] = held(Category.OPERATIONAL, nullable=False)


def _packs(fields: Mapping[str, SealedField]) -> dict[str, Pack]:
    grouped: dict[str, dict[str, int]] = {}
    heads: dict[str, tuple[str, Keep]] = {}
    for name, value in fields.items():
        of = "" if value.subject == "id" else f"_{value.subject.removesuffix('_id')}"
        column = f"sealed_{value.keep.value.lower()}{of}"
        numbers = grouped.setdefault(column, {})
        if value.number in numbers.values():
            raise UnclassifiedColumn(f"field number {value.number} is used twice in {column}")
        numbers[name] = value.number
        heads[column] = (value.subject, value.keep)
    return {column: Pack(column, *heads[column], numbers) for column, numbers in grouped.items()}


def _refuse_unclassified(table: Table) -> None:
    for column in table.columns:
        if "held" not in column.info and "pack" not in column.info:
            raise UnclassifiedColumn(f"{table.name}.{column.name} has no category")
        pack = column.info.get("pack")
        subject = pack.subject if pack else column.info["held"].subject
        if subject is not None and subject not in table.columns:
            raise UnclassifiedColumn(f"{table.name}.{column.name}: no column {subject} to hold its subject")


@dataclass(frozen=True, slots=True)
class SubjectPlace:
    """Where a table holds data about a person: the column that names the person, the packs and the plain columns."""

    table: str
    subject: str
    packs: tuple[str, ...]
    plain: tuple[str, ...]


def manifest() -> Iterator[SubjectPlace]:
    """Every (table, subject column) that holds personal values, for erasure, access packages and the register."""
    for table in Base.metadata.sorted_tables:
        subjects: dict[str, tuple[list[str], list[str]]] = {}
        for column in table.columns:
            pack: Pack | None = column.info.get("pack")
            if pack is not None:
                subjects.setdefault(pack.subject, ([], []))[0].append(column.name)
            elif column.info["held"].subject is not None:
                subjects.setdefault(column.info["held"].subject, ([], []))[1].append(column.name)
        for subject, (packs, plain) in subjects.items():
            yield SubjectPlace(table.name, subject, tuple(packs), tuple(plain))
