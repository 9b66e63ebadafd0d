"""How large a document may be: one number each. It refuses nothing itself."""

from dataclasses import dataclass

CEILING = 1 << 40
"""Where counters stop: far above every bound, far below a number that is slow to add."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Every limit of a document and of a request. The standard introspection query (220 to 239 fields, depth 15) fits."""

    source_bytes: int = 65_536
    tokens: int = 4_000
    comments: int = 100
    operations: int = 20
    fields: int = 2_000
    depth: int = 15
    nesting: int = 30
    """Selection sets inside one another in one definition, inline fragments included."""
    root_fields: int = 20
    aliases: int = 30
    aliases_of_one_field: int = 10
    alias_characters: int = 100
    """A response repeats it in every row, and the list of masks in every path."""
    directives: int = 20
    literal_depth: int = 32
    number_characters: int = 1_000
    """Python refuses to read longer integers; the longest float is 327 characters."""
    cost: int = 5_000
    page: int = 100
    """Rows that a connection returns at most, and the assumption when its size cannot be read."""
    list_rows: int = 10
    """The assumed length of a list that takes no size."""


BOUNDS = Bounds()
