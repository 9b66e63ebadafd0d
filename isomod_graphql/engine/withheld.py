"""What was withheld from loaded rows: by path, each occurrence with its coordinate and why. Refuses to show what it was."""

from collections.abc import Iterable, Mapping, Sequence

from isomod_graphql.engine.loaded import Loaded
from isomod_graphql.engine.masking import Finding
from isomod_graphql.engine.projectors import Variant
from isomod_graphql.engine.shapes import Gathered, Item, Link, ObjectShape, Path, Value


def withholds(kinds: Iterable[Variant | None]) -> bool:
    """Some row of these is shown with less than all."""
    return any(one is not None and one.layout.decisions for one in kinds)


Seen = tuple[int, ObjectShape, Variant, str]
"""An object: its place among the root's, the look, how it is shown, and its graph type."""


def findings_of(loaded: Iterable[Loaded], types: Mapping[bytes, str]) -> dict[Path, list[Finding]]:
    """By path of a withheld field: for each of its occurrences in document order, the coordinate and why it is withheld.

    `types` are those of rows whose type was not read with them.
    """
    looks: dict[Path, list[Seen]] = {}
    for one in loaded:
        origins: Sequence[int] = one.origin or [0] * len(one.records)
        for number, slot in enumerate(one.stage.slots):
            at = slot.slot.at["id"]
            seen = [
                (origin, variant, variant.layout.type_name if slot.is_typed else types.get(row[at], ""))
                for origin, variant, row in zip(origins, one.variants[number], one.records, strict=True)
                if variant is not None
            ]
            for shape in slot.slot.objects:
                found = looks.setdefault(shape.path, [])
                found += [
                    (origin, shape, variant, kind or variant.layout.type_name)
                    for origin, variant, kind in seen
                ]
    findings: dict[Path, list[Finding]] = {}
    for path, objects in looks.items():
        objects.sort(key=_origin)
        for key in _withheld_keys(objects):
            findings[*path, key] = [
                _finding(items[key], variant)
                for _, shape, variant, kind in objects
                if key in (items := dict(shape.types[kind]))
            ]
    return findings


def _origin(seen: Seen) -> int:
    return seen[0]


def _withheld_keys(seen: Iterable[Seen]) -> list[str]:
    kinds = {(id(shape), id(variant)): (shape, variant) for _, shape, variant, _ in seen}
    keys = {
        key
        for shape, variant in kinds.values()
        for key, item in shape.types[variant.layout.type_name]
        if isinstance(item, Value | Gathered | Link)
        and item.spec
        and item.spec.name in variant.layout.decisions
    }
    return sorted(keys)


def _finding(item: Item, variant: Variant) -> Finding:
    if isinstance(item, Value | Gathered | Link) and item.spec is not None:
        return item.coordinate, variant.layout.decisions.get(item.spec.name)
    return "", None
