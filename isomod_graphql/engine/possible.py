"""What may be decided of a field: every combination of facts is put to the function that decides. Refuses to know of a real row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, Final

from isomod_graphql.core.flags import ERASED, EVERY_CONSENT, restriction_bits
from isomod_graphql.engine.entities import Entity, FieldSpec
from isomod_graphql.engine.projection import Cell
from isomod_graphql.engine.readers import Reader
from isomod_graphql.engine.rows import RowQuery
from permissions.categories import PERSONAL
from permissions.decisions import reach_of
from permissions.disclosure import Level
from permissions.masks import NULL
from permissions.reach import Reach, Resource

MOST_COMBINATIONS: Final = 1_024
RESTRICTED: Final = restriction_bits(PERSONAL)
FLAGS: Final = (0, RESTRICTED, ERASED)
FLAG_WORDS: Final[Mapping[frozenset[int], str]] = {
    frozenset({0}): "neither RESTRICTED nor ERASED",
    frozenset({RESTRICTED}): "RESTRICTED",
    frozenset({ERASED}): "ERASED",
    frozenset({0, RESTRICTED}): "not ERASED",
    frozenset({0, ERASED}): "not RESTRICTED",
    frozenset({RESTRICTED, ERASED}): "either RESTRICTED or ERASED",
}
UNCONSENTED: Final = {0: "without CONSENT", EVERY_CONSENT: "", RESTRICTED: "RESTRICTED", ERASED: "ERASED"}
"""The same where a value rests on consent; whoever is restricted or erased is not asked for it."""
When = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Possible:
    """One outcome, as `extensions.masking` says it where it is not FULL.

    It comes when all facts of any group in `when` hold; without a group it always comes.
    """

    level: str
    mask: str | None
    reason: str | None
    when: When = ()


@dataclass(frozen=True, slots=True)
class Outlook:
    """Everything that may be decided of one field; nothing where no row is ever reached.

    `complete` False: there were too many combinations to try all.
    """

    possible: tuple[Possible, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class _Fact:
    """Something that is asked of a row: `column` says what, `word` how it is called."""

    column: str
    word: str
    values: tuple[Any, ...]

    def says(self, held: frozenset[Any]) -> str:
        if self.values is FLAGS:
            return FLAG_WORDS[held]
        if EVERY_CONSENT in self.values:
            left = held if EVERY_CONSENT not in held else frozenset(self.values) - held
            words = " or ".join(UNCONSENTED[value] for value in self.values if value in left)
            return words if left is held else f"not {words}"
        return self.word if True in held else f"not {self.word}"


Combination = tuple[Any, ...]


def outlooks(
    entity: Entity, type_name: str, specs: Sequence[FieldSpec], reader: Reader
) -> dict[str, Outlook]:
    """By the name of each field. Fields of one category and subject depend on the same facts, and are decided together."""
    groups: dict[tuple[object, ...], list[FieldSpec]] = {}
    for spec in specs:
        if spec.name != "id":
            groups.setdefault((spec.category, spec.subject), []).append(spec)
    found: dict[str, Outlook] = {}
    for group in groups.values():
        known = {name: tuple(group) if name == type_name else () for name in entity.types}
        found |= _decided(RowQuery(entity, known, reader), type_name)
    return found


def _decided(rows: RowQuery, type_name: str) -> dict[str, Outlook]:
    facts = _facts(rows)
    combinations = list(islice(product(*(fact.values for fact in facts)), MOST_COMBINATIONS + 1))
    complete = len(combinations) <= MOST_COMBINATIONS
    tables: dict[str, dict[Combination, Possible]] = {spec.name: {} for spec in rows.specs[type_name]}
    for combination in combinations[:MOST_COMBINATIONS]:
        told = dict(zip((fact.column for fact in facts), combination, strict=True))
        if not _is_reached(rows, told):
            continue
        mine = {name: told[f"mine_{name}"] for name in rows.persons}
        for cell in rows.layout(type_name, told, mine).cells:
            tables[cell.spec.name][combination] = _outcome(cell)
    return {name: Outlook(tuple(_summary(table, facts)), complete) for name, table in tables.items()}


def _facts(rows: RowQuery) -> list[_Fact]:
    """What says least of a person comes first, so that it is the first to be left out of a condition."""
    both = (False, True)
    ties = [_Fact(name, _word(name), both) for name in rows.asked if not name.startswith("flags")]
    mine = both if rows.reader.person_id is not None else (False,)
    persons = [_Fact(f"mine_{name}", "SELF", mine) for name in rows.persons]
    states = tuple(UNCONSENTED) if rows.asks_consent else FLAGS
    flags = [_Fact(name, name, states) for name in rows.asked if name.startswith("flags")]
    return [*ties, *persons, *flags]


def _word(column: str) -> str:
    kind, _, what = column.partition("_")
    return f"slot {what}" if kind == "slot" else what


def _is_reached(rows: RowQuery, told: Mapping[str, Any]) -> bool:
    """No other row is ever decided: the row rule says who reaches it, and everybody reaches his or her own person."""
    vector, resource = rows.reader.vector, rows.entity.scope.resource
    if resource is Resource.ACCESS_LOG:
        return resource in vector.held and told.get("mine_subject_id", True) and told.get("rel_OWN", True)
    own = resource in vector.held and told.get(f"mine_{rows.entity.subject}")
    return bool(own) or any(
        reach is Reach.ALL or told.get(f"slot_{slot}") for slot, reach in reach_of(vector, resource)
    )


def _outcome(cell: Cell) -> Possible:
    if cell.withheld is None:
        return Possible(Level.FULL.name, None, None)
    level = Level.HIDDEN if cell.withheld.mask == NULL.name else Level.MASKED
    return Possible(level.name, cell.withheld.mask, cell.withheld.reason)


def _summary(table: Mapping[Combination, Possible], facts: Sequence[_Fact]) -> Iterator[Possible]:
    """Every outcome once, the most open first, with the fewest words about when it comes."""
    outcomes = sorted(set(table.values()), key=_openness)
    for one in outcomes:
        when = _when(table, one, facts) if len(outcomes) > 1 else ()
        yield Possible(one.level, one.mask, one.reason, when)


def _openness(one: Possible) -> tuple[int, str, str]:
    return -Level[one.level], one.mask or "", one.reason or ""


def _when(table: Mapping[Combination, Possible], wanted: Possible, facts: Sequence[_Fact]) -> When:
    """Widens each combination as far as the outcome stays the same, and says what is left of it."""
    covered: set[Combination] = set()
    groups: list[tuple[str, ...]] = []
    for combination, outcome in table.items():
        if outcome != wanted or combination in covered:
            continue
        held = [frozenset({value}) for value in combination]
        for at, fact in enumerate(facts):
            for value in fact.values:
                wider = [*held[:at], held[at] | {value}, *held[at + 1 :]]
                if all(table.get(one, wanted) == wanted for one in product(*wider)):
                    held = wider
        covered.update(product(*held))
        groups.append(tuple(_words(held, facts)))
    return tuple(groups)


def _words(held: Iterable[frozenset[Any]], facts: Sequence[_Fact]) -> Iterator[str]:
    for values, fact in zip(held, facts, strict=True):
        if len(values) < len(fact.values):
            yield fact.says(values)
