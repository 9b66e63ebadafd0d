"""Generated functions that turn the rows of a level into JSON objects, one per look and layout. Nothing of a caller enters their text: names and values are bound."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from isomod_graphql.core.instants import instant_of, written_of
from isomod_graphql.engine.projection import Cell, Kind, Layout, Withheld
from isomod_graphql.engine.shapes import Access, Gathered, Id, Item, Link, ObjectShape, Page, Typename, Value
from isomod_graphql.engine.statements import Slot

Children = Mapping[int, Sequence[Any]]
"""By the identity of an item: its value for each row."""

Nested = Link | Page | Gathered | Access
NESTED: Final = (Link, Page, Gathered, Access)


@dataclass(frozen=True, slots=True)
class Projector:
    """`every` makes the object of each row from columns of them, those at `columns` first; `one` that of a row among others.

    Both take what `inputs` name after that, in that order.
    """

    every: Callable[..., list[dict[str, Any]]]
    one: Callable[..., dict[str, Any]]
    columns: tuple[int, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the projectors of one look take beside the rows: ids, pseudonyms of subjects, opened packs, nested values."""

    ids: bool
    subjects: tuple[str, ...]
    """The columns with the people of whom pseudonyms may be shown."""
    packs: tuple[str, ...]
    nested: tuple[Nested, ...]


def inputs_of(shape: ObjectShape, slot: Slot) -> Inputs:
    """The same for all layouts of the look."""
    items = [item for found in shape.types.values() for _, item in found]
    model = slot.rows.entity.model
    sealed = {
        name for item in items if isinstance(item, Value) for name in _sealed(item, model.sealed_fields)
    }
    packs = tuple(column for column, pack in model.packs.items() if not sealed.isdisjoint(pack.numbers))
    nested = tuple(item for item in items if isinstance(item, NESTED))
    specs = [item.spec for item in items if isinstance(item, Value)]
    subjects = {
        spec.subject for spec in specs if spec.subject is not None and slot.rows.may_pseudonymise(spec)
    }
    return Inputs(any(isinstance(item, Id) for item in items), tuple(sorted(subjects)), packs, nested)


def _sealed(item: Value, fields: Mapping[str, Any]) -> list[str]:
    return [name for name in (item.spec.name, *item.spec.needs) if name in fields]


@dataclass(slots=True)
class _Writing:
    """One function being written. `bound` holds every name and value that its text refers to."""

    slot: Slot
    layout: Layout
    inputs: Inputs
    bound: dict[str, Any] = field(default_factory=dict)
    columns: set[int] = field(default_factory=set)

    def bind(self, value: object) -> str:
        name = f"v{len(self.bound)}"
        self.bound[name] = value
        return name

    def expression(self, items: Sequence[tuple[str, Item]]) -> str:
        cells = {cell.spec.name: cell for cell in self.layout.cells}
        pairs = (f"{self.bind(key)}: {self._item(item, cells)}" for key, item in items)
        return "{" + ", ".join(pairs) + "}"

    def _item(self, item: Item, cells: Mapping[str, Cell]) -> str:
        if isinstance(item, Typename):
            return self.bind(item.name)
        if isinstance(item, Id):
            return "i"
        if isinstance(item, Value):
            return self._value(item, cells[item.spec.name])
        if (
            isinstance(item, Gathered)
            and item.spec is not None
            and cells[item.spec.name].kind is Kind.NOTHING
        ):
            return "None"
        return f"n{self.inputs.nested.index(item)}"

    def _value(self, item: Value, cell: Cell) -> str:
        if cell.kind is Kind.NOTHING:
            return "None"
        if cell.kind is Kind.PSEUDONYM:
            code = f"p{self.inputs.subjects.index(cell.spec.subject or '')}"
            return code if cell.mask is None else f"{self.bind(cell.mask.apply)}({code})"
        if cell.kind is Kind.COMPUTED:
            return self._computed(cell)
        as_it_is = cell.mask is None and item.convert is None
        if cell.kind is Kind.OPENED:
            raw = self._opened(cell.spec.name)
        else:
            raw = self._stored(cell.spec.name, written_of if as_it_is else instant_of)
        if as_it_is:
            return raw
        if cell.mask is not None:
            return f"{self.bind(cell.mask.apply)}({raw})"
        return f"(None if (x := {raw}) is None else {self.bind(item.convert)}(x))"

    def _computed(self, cell: Cell) -> str:
        fields = self.slot.rows.entity.model.sealed_fields
        plain = [need for need in cell.spec.needs if need not in fields]
        secret = [need for need in cell.spec.needs if need in cell.opens]
        row = ", ".join(f"{self.bind(need)}: {self._stored(need)}" for need in plain)
        opened = ", ".join(f"{self.bind(need)}: {self._opened(need)}" for need in secret)
        return f"{self.bind(cell.compute)}({{{row}}}, {{{opened}}})"

    def _stored(self, name: str, instant: Callable[[int], datetime] = instant_of) -> str:
        at = self.slot.at[name]
        self.columns.add(at)
        if name in self.slot.instants:
            return f"(None if c{at:d} is None else {self.bind(instant)}(c{at:d}))"
        return f"c{at:d}"

    def _opened(self, name: str) -> str:
        model = self.slot.rows.entity.model
        at, pack = next(
            (at, model.packs[one])
            for at, one in enumerate(self.inputs.packs)
            if name in model.packs[one].numbers
        )
        return f"o{at:d}.get({self.bind(str(pack.numbers[name]))})"


def projector(shape: ObjectShape, slot: Slot, layout: Layout, inputs: Inputs) -> Projector:
    """The functions for one look at rows of this layout."""
    writing = _Writing(slot, layout, inputs)
    body = writing.expression(shape.types[layout.type_name])
    names = ["i"] if inputs.ids else []
    names += [f"p{at:d}" for at in range(len(inputs.subjects))]
    names += [f"o{at:d}" for at in range(len(inputs.packs))]
    names += [f"n{at:d}" for at in range(len(inputs.nested))]
    # A level without anything to show of it still has as many objects as rows: its first column tells how many.
    columns = tuple(sorted(writing.columns)) or (0,)
    taken = ", ".join([*(f"c{at:d}" for at in columns), *names])
    lists = ", ".join([*(f"c{at:d}_s" for at in columns), *(f"{name}_s" for name in names)])
    each = f"in zip({lists})" if len(columns) + len(names) > 1 else f"in {lists}"
    stored = "".join(f"    c{at:d} = r[{at:d}]\n" for at in columns)
    source = (
        f"def every({lists}):\n    return [{body} for {taken} {each}]\n\n"
        f"def one({', '.join(['r', *names])}):\n{stored}    return {body}\n"
    )
    space: dict[str, Any] = {"__builtins__": {"zip": zip}, **writing.bound}
    exec(compile(source, "<projector>", "exec"), space)  # noqa: S102  the text holds nothing but our own names and numbers
    return Projector(space["every"], space["one"], columns, source)


Columns = Sequence[Sequence[Any]]
"""The rows of a level, turned: a value of each row per column."""

Key = tuple[Any, ...]
"""What a row's variant depends on: its type, the facts asked for, and per person whether it is the viewer."""

Make = Callable[[Key], "Variant"]
Decide = Callable[[Columns, bytes, Mapping[Key, "Variant"], Make], "list[Variant | None]"]
"""Takes columns, the viewer's id, the known variants and what makes one of its key."""


def deciding(slot: Slot) -> Decide:
    """A function that finds the variant of every row: by its type, the facts asked for and whether persons are the viewer.

    It is for rows about which at least one of these matters.
    """
    facts = [slot.at[str(one.key)] for one in slot.rows.type_columns]
    facts += [slot.at[name] for name in slot.rows.asked]
    persons = [slot.at[name] for name in slot.rows.persons]
    parts = [*(f"c{at:d}" for at in facts), *(f"c{at:d} == me" for at in persons)]
    columns = sorted({slot.at["id"], *facts, *persons})
    each = f"{', '.join(f'c{at:d}' for at in columns)}, in zip({', '.join(f'cs[{at:d}]' for at in columns)})"
    # Where every row is there, and every combination was met before, nothing is looked at one by one.
    alike = [*(f"cs[{at:d}]" for at in facts), *(f"map(me.__eq__, cs[{at:d}])" for at in persons)]
    source = (
        f"def decide(cs, me, known, make):\n    if None not in cs[{slot.at['id']:d}]:\n"
        f"        found = list(map(known.get, zip({', '.join(alike)})))\n"
        "        if None not in found:\n            return found\n"
        f"    found = []\n    for {each}:\n"
        f"        if c{slot.at['id']:d} is None:\n            found.append(None)\n            continue\n"
        f"        key = ({''.join(f'{part}, ' for part in parts)})\n        variant = known.get(key)\n"
        "        found.append(make(key) if variant is None else variant)\n    return found\n"
    )
    space: dict[str, Any] = {"__builtins__": {"zip": zip, "map": map, "list": list}}
    exec(compile(source, "<deciding>", "exec"), space)  # noqa: S102  the text holds nothing but our own names and numbers
    decide: Decide = space["decide"]
    return decide


@dataclass(eq=False, slots=True)
class Variant:
    """Rows with equal facts: their layout, what it releases, and one projector per look.

    `releases` are the columns of subjects with the bits of what is shown of them to somebody else.
    """

    layout: Layout
    releases: tuple[tuple[int, int], ...]
    packs: frozenset[str]
    links: frozenset[int]
    """Identities of the links and of the small sets that are shown."""
    projectors: dict[int, Projector]
    """By the identity of the look; absent where the look has no such type."""

    def withheld(self, name: str) -> Withheld | None:
        """Why a field is not shown in full."""
        return self.layout.decisions.get(name)


def variant_of(slot: Slot, inputs: Mapping[int, Inputs], layout: Layout) -> Variant:
    """Made once per slot and layout."""
    model = slot.rows.entity.model
    bits: dict[int, int] = {}
    for bit, subject in layout.releases.values():
        bits[slot.at[subject]] = bits.get(slot.at[subject], 0) | bit
    packs = {column for column, pack in model.packs.items() if not layout.opens.isdisjoint(pack.numbers)}
    hidden = {cell.spec.name for cell in layout.cells if cell.kind is Kind.NOTHING}
    shapes = [shape for shape in slot.objects if layout.type_name in shape.types]
    items = [item for shape in shapes for _, item in shape.types[layout.type_name]]
    links = [item for item in items if isinstance(item, Link | Gathered)]
    return Variant(
        layout,
        tuple(bits.items()),
        frozenset(packs),
        frozenset(id(link) for link in links if link.spec is None or link.spec.name not in hidden),
        {id(shape): projector(shape, slot, layout, inputs[id(shape)]) for shape in shapes},
    )
