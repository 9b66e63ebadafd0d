"""The figures of a statistic as JSON, and which of them are not told. Refuses to count, and to decide what may be told."""

from collections.abc import Iterator, Mapping
from typing import Any

from isomod_graphql.engine.masking import SUPPRESSED, Finding
from isomod_graphql.engine.shapes import Figure, Figures, Keyed, Path, Typename
from isomod_graphql.engine.statistics import COUNTS, Remainder


def figures_as_json(figures: Figures, value: Any, keyed: Mapping[int, Mapping[int, Any]], at: int = 0) -> Any:  # noqa: ANN401  a part of what is told, JSON
    """The object of this value, or of each in a list; `at` is the place of its group.

    `keyed`: by the identity of what stands for groups, the rows by the place of their group.
    """
    if value is None:
        return None
    if isinstance(value, list):
        return [figures_as_json(figures, one, keyed, place) for place, one in enumerate(value)]
    found: dict[str, Any] = {}
    for key, part in figures.fields:
        if isinstance(part, Typename):
            found[key] = part.name
        elif isinstance(part, Keyed):
            found[key] = keyed[id(part)].get(at)
        elif isinstance(part, Figures):
            found[key] = figures_as_json(part, getattr(value, part.name), keyed, at)
        else:
            told = getattr(value, part.name)
            found[key] = told if told is None or part.convert is None else part.convert(told)
    return found


def untold_of(figures: Figures, value: Any) -> Iterator[tuple[Path, list[Finding]]]:  # noqa: ANN401  a part of what is told
    """The counts that are too small to be told; those of groups never are."""
    for _, part in figures.fields:
        if isinstance(part, Figure) and part.name in COUNTS and getattr(value, part.name) is None:
            yield part.path, [(part.coordinate, SUPPRESSED)]
        elif isinstance(part, Figures) and isinstance(getattr(value, part.name), Remainder):
            yield from untold_of(part, getattr(value, part.name))
