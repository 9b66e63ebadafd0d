"""The shape of an answer: objects, pages, links, figures and values as a tree. Refuses to know the document that it was read from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from graphql import GraphQLField

from isomod_graphql.engine.arguments import Arguments
from isomod_graphql.engine.entities import Entity, FieldSpec
from isomod_graphql.engine.field_access import Asking, FieldAccess, Weighed
from isomod_graphql.engine.listing import Listing
from isomod_graphql.engine.sources import AnyNode, AnyNodes, ById, Children, TheViewer, Through, Told
from isomod_graphql.engine.statistics import Statistics

Path = tuple[str, ...]
Convert = Callable[[Any], Any]


class Unsupported(StrEnum):
    """Why an operation goes through the reference executor."""

    FORCED = "FORCED"
    NOBODY = "NOBODY"
    NOT_A_QUERY = "NOT_A_QUERY"
    INTROSPECTION = "INTROSPECTION"
    CUSTOM_RESOLVER = "CUSTOM_RESOLVER"
    FIELD_ERROR = "FIELD_ERROR"
    """A field of it fails: the reference executor says which, and what is left of the answer."""


class NotCompiled(Exception):
    """The compiler leaves this operation to the reference executor; `reason` says why."""

    def __init__(self, reason: Unsupported) -> None:
        """Counted by whoever falls back."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Typename:
    """The name of the object's type."""

    name: str


@dataclass(frozen=True, slots=True)
class Id:
    """The object's global id."""


@dataclass(frozen=True, slots=True)
class Value:
    """A leaf. `convert` turns what is stored into JSON; None where the writer does that by itself."""

    spec: FieldSpec
    coordinate: str
    convert: Convert | None


@dataclass(eq=False, slots=True)
class ObjectShape:
    """An object of one entity at one path: for each graph type that it may have, response keys and what stands under them."""

    entity: Entity
    path: Path
    types: "dict[str, list[tuple[str, Item]]]" = field(default_factory=dict)


def is_typeless(shape: ObjectShape) -> bool:
    """The rows may be of several types, and whichever they are, the answer is made of the same values."""
    if len(shape.types) < 2 or len(shape.types) != len(shape.entity.types):
        return False
    looks = [[(key, _plain(item)) for key, item in items] for items in shape.types.values()]
    return None not in [item for look in looks for _, item in look] and all(
        look == looks[0] for look in looks
    )


def _plain(item: "Item") -> str | None:
    """What an item shows, apart from the name of the type; None where it is more than a value of the row's own."""
    if isinstance(item, Id):
        return "id"
    return item.spec.name if isinstance(item, Value) else None


@dataclass(eq=False, slots=True)
class Link:
    """The row at the other end of a to-one link. `coordinate` where its category is personal."""

    spec: FieldSpec
    target: ObjectShape
    coordinate: str = ""


@dataclass(eq=False, slots=True)
class Ends:
    """A part of a page: `fields` are response keys and the names of page info or edge fields."""

    kind: str
    fields: list[tuple[str, "str | Typename | ObjectShape"]]


Part = Typename | ObjectShape | Ends | None
"""Of a connection: its type's name, its nodes, its edges or page info, or None for the total count."""


@dataclass(eq=False, slots=True)
class Page:
    """A connection."""

    listing: Listing
    definition: GraphQLField
    arguments: Arguments
    parts: list[tuple[str, Part]]

    tells_more: bool = field(init=False)
    """Whether there is a next page is asked for."""
    tells_cursors: bool = field(init=False)
    """Some cursor is asked for."""

    def __post_init__(self) -> None:
        """Looks once at what is asked for."""
        self.tells_more = self._asks("hasNextPage")
        self.tells_cursors = self._asks("cursor", "startCursor", "endCursor")

    def _asks(self, *names: str) -> bool:
        ends = (part for _, part in self.parts if isinstance(part, Ends))
        return any(name in names for end in ends for _, name in end.fields if isinstance(name, str))

    @property
    def objects(self) -> list[ObjectShape]:
        """Every look at the rows of the page."""
        nodes = [part for _, part in self.parts if isinstance(part, ObjectShape)]
        edges = [part for _, part in self.parts if isinstance(part, Ends)]
        return nodes + [one for edge in edges for _, one in edge.fields if isinstance(one, ObjectShape)]


@dataclass(eq=False, slots=True)
class Gathered:
    """A small set under a row, without pages. `spec` and `coordinate` where its category is personal."""

    source: Children | Through
    target: ObjectShape
    spec: FieldSpec | None = None
    coordinate: str = ""


@dataclass(eq=False, slots=True)
class Named:
    """What ids name, or the viewer, or an event: one object, or a list of them. Several entities where anything may be named."""

    source: ById | TheViewer | AnyNode | AnyNodes | Told
    definition: GraphQLField
    arguments: Arguments
    targets: dict[str, ObjectShape]
    """By the entity's name."""


@dataclass(eq=False, slots=True)
class Access:
    """What the viewer may do with fields of the row. `members`: response keys and the members of each entry."""

    type_name: str
    asking: Asking
    weighed: tuple[Weighed, ...]
    members: list[tuple[str, str | Typename]]

    def told(self, access: Mapping[str, FieldAccess], names: Sequence[str]) -> list[dict[str, Any]]:
        """One entry per name."""
        return [
            {
                key: member.name if isinstance(member, Typename) else access[name].member(member)
                for key, member in self.members
            }
            for name in names
        ]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a statistic, or what a group is told apart by; `name` is Python's."""

    name: str
    coordinate: str
    path: Path
    convert: Convert | None


@dataclass(eq=False, slots=True)
class Keyed:
    """The row that each group stands for."""

    name: str
    target: ObjectShape


@dataclass(eq=False, slots=True)
class Figures:
    """An object of figures, or a list of such."""

    name: str
    fields: "list[tuple[str, Typename | Figure | Figures | Keyed]]"

    @property
    def keyed(self) -> "list[Keyed]":
        """Wherever they stand."""
        found: list[Keyed] = []
        for _, part in self.fields:
            found += [part] if isinstance(part, Keyed) else part.keyed if isinstance(part, Figures) else []
        return found


@dataclass(eq=False, slots=True)
class Counted:
    """A field of the root that counts rows."""

    statistics: Statistics
    definition: GraphQLField
    arguments: Arguments
    figures: Figures


Item = Typename | Id | Value | Link | Page | Gathered | Access
RootItem = Typename | Page | Named | Counted


@dataclass(eq=False, slots=True)
class Shape:
    """The root: response keys in order."""

    items: list[tuple[str, RootItem]]
