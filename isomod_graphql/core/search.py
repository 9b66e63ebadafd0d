"""Words by which rows are found: one row per word, so that an index answers under row-level security. Refuses personal values: what is sealed is searched in memory."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Text, delete, select, text
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, held
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.text import fold
from permissions.categories import Category

LONGEST_WORD: Final = 40
MOST_WORDS: Final = 5
"""Of a search; a row has as many as its texts."""
LONGEST: Final = 100
"""Characters of a search."""
_WORD: Final = re.compile(r"[^\W_]+")
_PUT: Final = """
    INSERT INTO search_words (tenant_id, kind, word, row_id)
    SELECT :tenant, :kind, given.word, given.row_id
    FROM unnest(CAST(:words AS text[]), CAST(:ids AS uuid[])) AS given (word, row_id) ON CONFLICT DO NOTHING
"""


class SearchWord(Base):
    """A word of a row of the table `kind`, folded. Which columns are searched stands on the model (`searched`)."""

    __tablename__ = "search_words"
    tenant_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    kind: Mapped[str] = held(Category.OPERATIONAL, Text(collation="C"), primary_key=True)
    word: Mapped[str] = held(Category.OPERATIONAL, Text(collation="C"), primary_key=True)
    row_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)


def words_of(said: str) -> list[str]:
    """The words of a text, folded, each once, in their order: letters and digits; everything else separates."""
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in _WORD.findall(fold(said))))


async def put_words(tx: Transaction, model: type[Base], rows: Iterable[Mapping[str, Any]]) -> None:
    """Makes new rows findable; each has `id` and the searched columns, or lacks those that are null."""
    pairs = [
        (word, row["id"])
        for row in rows
        for word in words_of(" ".join(str(row[name]) for name in model.searched if row.get(name) is not None))
    ]
    if pairs:
        words, ids = zip(*pairs, strict=True)
        put = text(_PUT).bindparams(
            tenant=tx.tenant_id, kind=model.__tablename__, words=list(words), ids=list(ids)
        )
        await tx.run(put)


async def change_words(tx: Transaction, model: type[Base], row_id: UUID, changed: Collection[str]) -> None:
    """After a row was written: its words are those of now, if any of `changed` is searched."""
    if set(changed).isdisjoint(model.searched):
        return
    table, word = model.__table__, SearchWord.__table__.c
    here = (table.c.tenant_id == tx.tenant_id, table.c.id == row_id)
    row = await tx.first(select(table.c.id, *(table.c[name] for name in model.searched)).where(*here))
    gone = (word.tenant_id == tx.tenant_id, word.kind == model.__tablename__, word.row_id == row_id)
    await tx.run(delete(SearchWord).where(*gone))
    if row is not None:
        await put_words(tx, model, [dict(row._mapping)])  # noqa: SLF001  SQLAlchemy's public name
