"""What was withheld from loaded rows: by path, each occurrence with its coordinate and why. Refuses to show what it was."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from isomod_graphql.engine.loaded import Loaded
from isomod_graphql.engine.masking import Finding
from isomod_graphql.engine.projectors import Variant
from isomod_graphql.engine.shapes import Gathered, Item, Link, ObjectShape, Path, Value


def withholds(kinds: Iterable[Variant | None]) -> bool:
    """Some row of these is shown with less than all."""
    return any(one is not None and one.layout.decisions for one in kinds)


@dataclass(frozen=True, slots=True)
class Shown:
    """How an object of one look is shown: by response key, the coordinate and why it is withheld, if it is."""

    findings: Mapping[str, Finding]

    @property
    def withheld(self) -> Iterator[str]:
        """The keys under which something is missing."""
        return (key for key, (_, why) in self.findings.items() if why is not None)


Seen = tuple[int, Shown]
"""An object: its place among the root's, and how it is shown."""


def findings_of(loaded: Iterable[Loaded], types: Mapping[bytes, str]) -> dict[Path, list[Finding]]:
    """By path of a withheld field: for each of its occurrences in document order, the coordinate and why it is withheld.

    `types` are those of rows whose type was not read with them.
    """
    looks: dict[Path, list[Seen]] = {}
    for one in loaded:
        origins: Sequence[int] = one.origin or [0] * len(one.records)
        for number, slot in enumerate(one.stage.slots):
            variants = one.variants[number]
            kinds = (
                [""] * len(variants)
                if slot.is_typed
                else [types.get(one_id or b"", "") for one_id in one.columns[slot.slot.at["id"]]]
            )
            for shape in slot.slot.objects:
                known: dict[tuple[int, str], Shown] = {}
                found = looks.setdefault(shape.path, [])
                for origin, variant, kind in zip(origins, variants, kinds, strict=True):
                    if variant is None:
                        continue
                    shown = known.get((id(variant), kind))
                    if shown is None:
                        shown = known[id(variant), kind] = _shown(shape, variant, kind)
                    found.append((origin, shown))
    findings: dict[Path, list[Finding]] = {}
    for path, seen in looks.items():
        seen.sort(key=itemgetter(0))
        kinds_shown = {id(shown): shown for _, shown in seen}
        for key in sorted({key for shown in kinds_shown.values() for key in shown.withheld}):
            findings[*path, key] = [shown.findings[key] for _, shown in seen if key in shown.findings]
    return findings


def _shown(shape: ObjectShape, variant: Variant, kind: str) -> Shown:
    items = shape.types[kind or variant.layout.type_name]
    return Shown({key: _finding(item, variant) for key, item in items})


def _finding(item: Item, variant: Variant) -> Finding:
    if isinstance(item, Value | Gathered | Link) and item.spec is not None:
        return item.coordinate, variant.layout.decisions.get(item.spec.name)
    return "", None
