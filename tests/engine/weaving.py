"""Operations woven from the schema: fragments, merged keys, aliases, directives, variables, pages. They know no rows but the words given to them, and hold no expectation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, TypeVar

import orjson
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)
from hypothesis import strategies as st

T = TypeVar("T")
Spelled = tuple[str, Any]
"""A value as it stands in a document, and as JSON."""

DEEP: Final = 7
WIDE: Final = 45
"""Fields of one document, about."""
MIXED: Final = ("name", "status", "version")
"""Fields that have one type here and another type there."""
ROOTS: Final = ("viewer", "node", "nodes", "user", "users", "team", "teams", "location", "locations", "asset", "assets", "workOrder", "workOrders", "workOrderStatistics", "assetStatistics", "myAccessLog", "accessRecords")  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """A document with one operation, and its variables; `follow` are those that later pages take from the first one."""

    text: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    follow: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Words:
    """What documents may say of rows: ids of ours, of others and of nothing; cursors of somebody; texts; instants."""

    ids: Sequence[str]
    cursors: Sequence[str]
    texts: Sequence[str] = (
        "g",
        " GÉ",
        "pump",
        "T-pump",
        "quirin",
        "order 2",
        "kap QUI",
        "",
        " ",
        "ö",
        "'; --",
        'a"b\\',
        "%s{x}$1",
        "\n",
    )
    emails: Sequence[str] = ("ada@acme.example",)
    instants: Sequence[str] = (
        "2026-11-02T09:00:00Z",
        "2026-11-04T09:00:00+01:00",
        "2026-11-03T00:00:00.000001Z",
    )
    periods: Sequence[str] = ("2026", "2026-Q4", "2026-11", "2025", "2026-Q3")
    days: Sequence[str] = ("2026-11-01", "2026-11-02", "2026-11-03")


@dataclass(eq=False)
class Weaver:
    """One operation being woven."""

    schema: GraphQLSchema
    words: Words
    random: Random
    fragments: list[str] = field(default_factory=list)
    spreads: list[tuple[str, str]] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    follow: dict[str, tuple[str, ...]] = field(default_factory=dict)
    shared: dict[tuple[str, str], str] = field(default_factory=dict)
    """The field that stands under the shared key of its type's name, by object type."""
    mixed: bool = False
    """Objects of several types may stand here."""
    fields: int = 0
    names: int = 0
    roots: Sequence[str] = ROOTS

    def operation(self) -> Operation:
        """The whole document."""
        query: Any = self.schema.query_type
        body = self.selection(query, 0, ())
        head = f"({', '.join(self.declared)})" if self.declared else ""
        return Operation(f"query {head} {body}\n" + "\n".join(self.fragments), self.variables, self.follow)

    def one_of(self, choices: Sequence[T]) -> T:
        return self.random.choice(choices)

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def fresh(self, begin: str) -> str:
        self.names += 1
        return f"{begin}{self.names}"

    def selection(self, of: Any, depth: int, path: tuple[str, ...]) -> str:  # noqa: ANN401  a composite type
        """Some of what a type has, with braces."""
        count = self.random.randint(1, 3 if depth else 2) + (2 if is_row(of) else 0)
        parts = [self._part(of, depth, path) for _ in range(count if self.fields < WIDE else 1)]
        return "{ " + " ".join(parts) + " }"

    def _part(self, of: Any, depth: int, path: tuple[str, ...]) -> str:  # noqa: ANN401  as above
        kind = self.random.randint(0, 19)
        if kind == 0:
            return f"{self._alias(30)}__typename{self._directive()}"
        if kind in {1, 2} and depth < DEEP:
            return f"...{self._directive()} {self.selection(of, depth + 1, path)}"
        if (kind in {3, 4} or (is_abstract_type(of) and kind < 14)) and depth < DEEP:
            return self._narrowed(of, self.one_of(self._narrower(of)), depth, path)
        if kind in {5, 6} and depth < DEEP:
            return self._spread(of, depth, path)
        return self._field(of, depth, path)

    def _narrowed(self, of: Any, on: Any, depth: int, path: tuple[str, ...]) -> str:  # noqa: ANN401  as above
        mixed, self.mixed = self.mixed, self.mixed or is_abstract_type(of)
        body = self.selection(on, depth + 1, path)
        self.mixed = mixed
        return f"... on {on.name}{self._directive()} {body}"

    def _narrower(self, of: Any) -> list[Any]:  # noqa: ANN401  as above
        """Types of which a selection may stand here."""
        if isinstance(of, GraphQLObjectType):
            return [of, *of.interfaces]
        return [*self.schema.get_possible_types(of), *self.schema.get_implementations(of).interfaces, of]

    def _spread(self, of: Any, depth: int, path: tuple[str, ...]) -> str:  # noqa: ANN401  as above
        known = [name for name, on in self.spreads if on == of.name]
        if known and self.chance(40):
            return f"...{self.one_of(known)}{self._directive()}"
        name = self.fresh("part")
        self.fragments.append(f"fragment {name} on {of.name} {self.selection(of, depth + 1, path)}")
        self.spreads.append((name, of.name))
        return f"...{name}{self._directive()}"

    def _field(self, of: Any, depth: int, path: tuple[str, ...]) -> str:  # noqa: ANN401  as above
        self.fields += 1
        names = [
            name for name, one in of.fields.items()
            if (depth < DEEP and self.fields < WIDE) or is_leaf_type(get_named_type(one.type))
        ] or ["__typename"]  # fmt: skip
        query: Any = self.schema.query_type
        if of is query:
            names = [root for root in self.roots if root in of.fields] or ["__typename"]
        name = self.one_of(names)
        if name == "__typename":
            return f"{self.fresh('t')}: __typename"
        one: GraphQLField = of.fields[name]
        inner = get_named_type(one.type)
        if is_leaf_type(inner):
            return f"{self._alias(25, of, name)}{name}{self._directive()}"
        given = bool(one.args)
        key = self.fresh(name) if given or self.chance(20) else name
        here = (*path, key, *(["*"] if _is_list(one.type) else []))
        head = f"{key}: {name}" if key != name else name
        given_names = self._names(of) if name == "viewerAccess" else None
        asked = head + (given_names or self._arguments(one, here)) + self._directive()
        body = self.selection(inner, depth + 1, here)
        if inner.name.endswith("Connection") and self.chance(40):
            body = body[:-1] + "pageInfo { endCursor startCursor } edges { cursor } }"
        if not self.chance(15):
            return f"{asked} {body}"
        # The same key once more: both selections become one.
        return f"{asked} {body} {asked} {self.selection(inner, depth + 1, here)}"

    def _alias(self, percent: int, of: Any = None, name: str = "") -> str:  # noqa: ANN401  as above
        """A key of its own, or one that fields of other types with values of this type have too."""
        if self.mixed and name in MIXED:
            return f"{name}{of.name}: "
        if not self.chance(percent):
            return ""
        if isinstance(of, GraphQLObjectType) and is_row(of) and self.chance(70):
            key = "same" + "".join(sign for sign in str(of.fields[name].type) if sign.isalpha())
            key += str(str(of.fields[name].type).count("!"))
            if self.shared.setdefault((of.name, key), name) == name:
                return f"{key}: "
        return f"{self.fresh('a')}: "

    def _directive(self) -> str:
        if not self.chance(12):
            return ""
        name, value = self.one_of(["include", "skip"]), self.one_of([True, False])
        if self.chance(50):
            return f" @{name}(if: {str(value).lower()})"
        default = self.one_of(["", "", " = true", " = false"])
        variable = self.fresh("if")
        self.declared.append(f"${variable}: Boolean{'' if default else '!'}{default}")
        if not default or self.chance(50):
            self.variables[variable] = value
        return f" @{name}(if: ${variable})"

    def _arguments(self, one: GraphQLField, path: tuple[str, ...]) -> str:
        given = [
            f"{name}: {self._given(name, argument, path)}"
            for name, argument in one.args.items()
            if (isinstance(argument.type, GraphQLNonNull) and argument.default_value is Undefined) or self.chance(40)
        ]  # fmt: skip
        return f"({', '.join(given)})" if given else ""

    def _names(self, of: Any) -> str:  # noqa: ANN401  a composite type
        """Fields of the type, some twice, seldom one that it does not have; written out or in a variable."""
        names = [self.one_of(list(of.fields)) for _ in range(self.random.randint(0, 4))]
        if self.chance(3):
            names.append("passwordHash")
        if self.chance(60):
            return f"(fields: {orjson.dumps(names).decode()})"
        variable = self.fresh("v")
        self.declared.append(f"${variable}: [String!]!")
        self.variables[variable] = names
        return f"(fields: ${variable})"

    def _given(self, name: str, argument: GraphQLArgument | GraphQLInputField, path: tuple[str, ...]) -> str:
        """A literal, or a variable that is sent, absent, null or left to its default."""
        if name == "after" and self.chance(60):
            variable = self.fresh("after")
            self.declared.append(f"${variable}: Cursor")
            self.follow[variable] = path
            return f"${variable}"
        return self.value(argument.type)[0] if self.chance(55) else self._variable(argument.type)

    def _variable(self, of: Any) -> str:  # noqa: ANN401  an input type
        variable, needed = self.fresh("v"), isinstance(of, GraphQLNonNull)
        form = self.random.randint(0, 5)
        literal, value = self.value(of, plain=True)
        default = f" = {literal}" if form in {1, 2} else ""
        self.declared.append(f"${variable}: {of}{default}")
        if form == 3 and not needed:
            self.variables[variable] = None
        elif not default and (form != 4 or needed):
            self.variables[variable] = value
        elif form == 2:
            self.variables[variable] = self.value(of, plain=True)[1]
        return f"${variable}"

    def value(self, of: Any, *, plain: bool = False) -> Spelled:  # noqa: ANN401  an input type
        """A value of this type; `plain`: without variables in it."""
        if isinstance(of, GraphQLNonNull):
            return self._some(of.of_type, plain=plain)
        return ("null", None) if self.chance(6) else self._some(of, plain=plain)

    def _some(self, of: Any, *, plain: bool) -> Spelled:  # noqa: ANN401  as above
        if isinstance(of, GraphQLList):
            size = self.random.randint(0, 6)
            items = [self.value(of.of_type, plain=plain) for _ in range(size)]
            return f"[{', '.join(text for text, _ in items)}]", [value for _, value in items]
        if isinstance(of, GraphQLEnumType):
            name = self.one_of(list(of.values))
            return name, name
        if isinstance(of, GraphQLInputObjectType):
            return self._object(of, plain=plain)
        if of.name == "PageSize":
            size = self.one_of([1, 2, 2, 3, 5, 100])
            return str(size), size
        if of.name == "Int":
            number = self.random.randint(-1, 9)
            return str(number), number
        text = self.one_of(self._texts(of.name))
        return orjson.dumps(text).decode(), text

    def _texts(self, name: str) -> Sequence[str]:
        words = self.words
        known = {
            "ID": words.ids,
            "Cursor": words.cursors,
            "EmailAddress": words.emails,
            "DateTime": words.instants,
            "CalendarPeriod": words.periods,
            "Date": words.days,
        }
        return known.get(name, words.texts)

    def _object(self, of: GraphQLInputObjectType, *, plain: bool) -> Spelled:
        chosen = self.random.sample(list(of.fields), self.random.randint(0, min(2, len(of.fields))))
        texts, values = [], {}
        for name in chosen:
            inner = of.fields[name].type
            literal, values[name] = self.value(inner, plain=plain)
            texts.append(f"{name}: {literal if plain or self.chance(75) else self._variable(inner)}")
        return "{" + ", ".join(texts) + "}", values


def is_row(of: Any) -> bool:  # noqa: ANN401  a composite type
    """A type that stands for a row, or an interface of such."""
    return "id" in of.fields and (
        of.name == "Node" or not isinstance(of, GraphQLObjectType) or bool(of.interfaces)
    )


def _is_list(of: Any) -> bool:  # noqa: ANN401  an output type
    bare = of.of_type if isinstance(of, GraphQLNonNull) else of
    return isinstance(bare, GraphQLList)


def woven(schema: GraphQLSchema, words: Words) -> st.SearchStrategy[Operation]:
    """Operations over everything that is read as rows."""
    return st.randoms(use_true_random=True).map(lambda random: Weaver(schema, words, random).operation())
