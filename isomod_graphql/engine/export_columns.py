"""The columns of an export: values of the row and at the end of its to-one links. Refuses a column that the caller does not read raw in every row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)

from isomod_graphql.core.errors import BadInput, ColumnNotReadable
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.entities import FieldSpec
from isomod_graphql.engine.possible import outlooks
from isomod_graphql.engine.readers import Reader
from permissions.decisions import Reason
from permissions.disclosure import Level

MOST_COLUMNS: Final = 60
DEEPEST: Final = 4
"""Names that lead to a value, its own included."""
LABELS: Final = ("displayName", "name")
"""What stands for a row at the end of a link, where the caller names no columns."""

Column = tuple[str, ...]
"""The names that lead from the row to the value."""
Step = tuple[str, FieldSpec]


def name_of(column: Column) -> str:
    """As a caller writes it: `asset.location.name`."""
    return ".".join(column)


@dataclass(frozen=True, slots=True)
class ListColumns:
    """What one list can show to callers of one class; `schema` is theirs."""

    schema: GraphQLSchema
    catalogue: Catalogue
    reader: Reader
    field: GraphQLField

    @classmethod
    def of(cls, schema: GraphQLSchema, catalogue: Catalogue, reader: Reader, name: str) -> "ListColumns":
        """Raises BadInput for a list that the caller does not have."""
        root = schema.query_type
        field = None if root is None else root.fields.get(name)
        if root is None or field is None or (root.name, name) not in catalogue.listings:
            raise BadInput("There is no such list.", field="list")
        return cls(schema, catalogue, reader, field)

    @property
    def row(self) -> Any:  # noqa: ANN401  an object type of the schema
        """The type of the rows."""
        connection: Any = get_named_type(self.field.type)
        return get_named_type(connection.fields["nodes"].type)

    @property
    def filter_type(self) -> str | None:
        """The name of the filter's type; None where the caller has no filter."""
        given = self.field.args.get("filter")
        return None if given is None else get_named_type(given.type).name

    def chosen(self, names: Sequence[str] | None) -> list[Column]:
        """The named columns in their order, or all that are read raw. Raises BadInput and ColumnNotReadable."""
        if names is None:
            return [column for column in self._offered() if self.is_raw(column)]
        if not names or len(names) > MOST_COLUMNS or len(set(names)) < len(names):
            raise BadInput(f"An export has 1 to {MOST_COLUMNS} columns, each once.", field="columns")
        columns = [tuple(name.split(".")) for name in names]
        for column in columns:
            list(self._steps(column))
        for column in columns:
            if not self.is_raw(column):
                raise ColumnNotReadable(field=name_of(column))
        return columns

    def is_raw(self, column: Column) -> bool:
        """Every row shows it in full; a person who is restricted, erased or has not agreed is left out of it and no reason against it."""
        return all(self._is_raw(*step) for step in self._steps(column))

    def _is_raw(self, type_name: str, spec: FieldSpec) -> bool:
        if not spec.personal:
            return True
        entity = self.catalogue.entity_of_type[type_name]
        outlook = outlooks(entity, type_name, [spec], self.reader)[spec.name]
        return outlook.complete and all(
            one.level == Level.FULL.name or one.reason == Reason.PRIVACY for one in outlook.possible
        )

    def _offered(self) -> Iterator[Column]:
        for name, field in self.row.fields.items():
            inner: Any = get_nullable_type(field.type)
            if is_leaf_type(inner):
                yield (name,)
            elif self._is_link(name):
                label = next((one for one in LABELS if one in inner.fields), None)
                yield from ((name, one) for one in ("id", label) if one is not None)

    def _is_link(self, name: str) -> bool:
        spec = self.catalogue.fields_of_type[self.row.name].get(name)
        return spec is not None and spec.link is not None

    def _steps(self, column: Column) -> Iterator[Step]:
        """Every field on the way, once per type that may have it. Raises BadInput for what is no column of the caller's."""
        kind: Any = self.row
        if len(column) > DEEPEST:
            raise _no_column()
        for at, name in enumerate(column):
            field = getattr(kind, "fields", {}).get(name)
            if field is None:
                raise _no_column()
            for possible in self._objects(kind):
                spec = self.catalogue.fields_of_type[possible.name].get(name)
                if spec is None or spec.gathered:
                    raise _no_column()
                yield possible.name, spec
            kind = get_nullable_type(field.type)
            if is_leaf_type(kind) is not (at == len(column) - 1):
                raise _no_column()

    def _objects(self, kind: Any) -> Sequence[GraphQLObjectType]:  # noqa: ANN401  an object type or an interface
        return [kind] if isinstance(kind, GraphQLObjectType) else self.schema.get_possible_types(kind)


def _no_column() -> BadInput:
    return BadInput("There is no such column.", field="columns")


def document_of(listing: str, columns: Sequence[Column], filter_type: str | None) -> str:
    """The query of one page. Every name in it is one of the schema's: nothing else of a caller stands in its text."""
    typed, given = ("", "") if filter_type is None else (f", $filter: {filter_type}", ", filter: $filter")
    return (
        f"query Export($first: PageSize!, $after: Cursor, $counted: Boolean!{typed}) {{ "
        f"{listing}(first: $first, after: $after{given}) {{ totalCount @include(if: $counted) "
        f"nodes {{ {_selected(columns)} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )


def _selected(columns: Sequence[Column]) -> str:
    inside: dict[str, list[Column]] = {}
    for name, *rest in columns:
        inside.setdefault(name, []).extend([tuple(rest)] if rest else [])
    return " ".join(f"{name} {{ {_selected(rest)} }}" if rest else name for name, rest in inside.items())
