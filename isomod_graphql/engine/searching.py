"""A search as a field of a filter: rows that have a word beginning with each word of the text. Refuses to know a wildcard: what is no letter or digit separates."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Uuid, bindparam, false, literal_column, select

from isomod_graphql.core.columns import Base
from isomod_graphql.core.search import SearchWord, words_of
from isomod_graphql.core.text import fold
from isomod_graphql.engine.listing import LAST_SIGN
from isomod_graphql.engine.readers import TENANT

if TYPE_CHECKING:
    from isomod_graphql.engine.request import Request


@dataclass(frozen=True, eq=False, slots=True)
class Words:
    """Rows of `model`, by the words of its `searched` columns. Each word is one range of an index, found once for all rows."""

    model: type[Base]

    def form(self, value: Any) -> Hashable | None:  # noqa: ANN401  see Criterion
        """How many words; nothing but spaces finds everything, and a text without a word nothing."""
        return len(words_of(value)) if value and fold(value) else None

    def predicates(self, name: str, form: Hashable) -> Sequence[ColumnElement[bool]]:
        """From the word to the last one that begins with it."""
        count = form if isinstance(form, int) else 0
        return [self._holds(f"{name}_{at}") for at in range(count)] if count else [false()]

    def _holds(self, name: str) -> ColumnElement[bool]:
        found = SearchWord.__table__.c
        low, high = (bindparam(f"{name}_{end}", type_=found.word.type) for end in ("from", "to"))
        rows = select(found.row_id).where(
            found.tenant_id == bindparam(TENANT, type_=Uuid()),
            found.kind == literal_column(f"'{self.model.__tablename__}'", found.kind.type),
            found.word >= low,
            found.word < high,
        )
        row_id: ColumnElement[Any] = self.model.__table__.c.id
        return row_id.in_(rows)

    def binds(self, name: str, value: Any, _request: "Request") -> dict[str, Any]:  # noqa: ANN401  see Criterion
        """Folded as the words are."""
        values: dict[str, Any] = {}
        for at, word in enumerate(words_of(value)):
            values |= {f"{name}_{at}_from": word, f"{name}_{at}_to": word + LAST_SIGN}
        return values

    def canonical(self, value: Any) -> Any:  # noqa: ANN401  see Criterion
        """The words, in any order."""
        return sorted(words_of(value))
