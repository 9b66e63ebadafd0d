"""The graph without any access rule, to be measured beside the product: same schema, loaders, keys and transaction. It refuses to be served."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from graphql import ExecutionResult, GraphQLResolveInfo, GraphQLSchema, OperationDefinitionNode, execute
from sqlalchemy import ColumnElement, RowMapping, true
from strawberry.permission import PermissionExtension
from strawberry.schema.config import StrawberryConfig

from isomod_graphql.core.clock import Clock
from isomod_graphql.core.store import Store, Transaction
from isomod_graphql.engine.catalogue import Catalogue, build_catalogue
from isomod_graphql.engine.entities import Entity, FieldSpec, Shown
from isomod_graphql.engine.loading import Level, Levels
from isomod_graphql.engine.plan import Plan
from isomod_graphql.engine.projection import View
from isomod_graphql.engine.request import Request
from isomod_graphql.engine.resolvers import Resolver, default_resolver
from isomod_graphql.engine.viewer import Viewer
from permissions.disclosure import Level as Disclosed
from permissions.disclosure import Relation
from permissions.principals import Principal
from schema.entities import ENTITIES
from schema.execution import Execution
from schema.people import Contact, Person, User
from schema.root import Mutation, Query
from schema.scalars import SCALARS
from schema.silence import SilentSchema


class OpenLevel(Level):
    """Every row of the tenant, every planned value as it is stored; the person's flags are not asked for."""

    def __init__(self, entity: Entity, plan: Plan, viewer: Viewer) -> None:
        super().__init__(entity, plan, viewer)
        self._slots: Any = ()
        self._subjects = []

    def reachable(self) -> ColumnElement[bool]:
        return true()

    def _raising_relations(self) -> list[Relation]:
        return []

    async def views(self, tx: Transaction, rows: Sequence[RowMapping]) -> list[View]:
        model, code = self.entity.model, self.entity.code
        opened: Sequence[Mapping[str, Any]] = (
            await tx.open_rows(model, rows, self._sealed) if self._sealed else [{}] * len(rows)
        )
        views = []
        for row, values in zip(rows, opened, strict=True):
            name = self.entity.type_name(row)
            shown = {spec.name: _value(spec, row, values) for spec in self.specs[name] if spec.name != "id"}
            views.append(View(code, name, row["id"], shown, {}))
        return views


def _value(spec: FieldSpec, row: RowMapping, opened: Mapping[str, Any]) -> Any:  # noqa: ANN401  a field's own type
    if spec.compute is not None:
        values = {need: opened[need] if need in opened else row[need] for need in spec.needs}
        return spec.compute(Shown(values, Disclosed.FULL, None))
    return opened[spec.name] if spec.sealed else row[spec.name]


class OpenExecution(Execution):
    """Plans, because the plan says which columns are read; refuses nothing, decides nothing, lists no masks."""

    def __init__(self, schema: GraphQLSchema, catalogue: Catalogue, store: Store, clock: Clock) -> None:
        super().__init__(schema, catalogue, store, clock)
        self.levels = Levels(OpenLevel)

    async def run(
        self,
        operation: OperationDefinitionNode,
        document: Any,  # noqa: ANN401  a DocumentNode
        document_hash: bytes,
        variables: dict[str, Any],
        principal: Principal,
        services: object,
    ) -> ExecutionResult:
        """The viewer says the tenant and binds the cursors, no more."""
        viewer = Viewer.at(principal, self.clock.now())
        plan = self._plan(operation, document, document_hash, viewer.vector)
        keys = await self.store.keystore.tenant(viewer.tenant_id)
        request = Request(self.store, keys, self.catalogue, plan, viewer, services, levels=self.levels)
        try:
            name = operation.name.value if operation.name else None
            ran = execute(self.schema, document, None, request, variables, name)
            return ran if isinstance(ran, ExecutionResult) else await ran
        finally:
            await request.end_reading()


def open_execution(product: GraphQLSchema, store: Store, clock: Clock) -> OpenExecution:
    """A schema of its own from the types of the product's, whose resolvers ask nobody; the product's stays as it is."""
    with _without_permission_classes(product):
        config = StrawberryConfig(default_resolver=default_resolver, scalar_map=SCALARS)
        built = SilentSchema(query=Query, mutation=Mutation, types=[User, Contact, Person], config=config)
    core: GraphQLSchema = built._schema  # noqa: SLF001  as the product's own root does
    catalogue = build_catalogue(core, ENTITIES)
    _open_resolvers(core, catalogue)
    return OpenExecution(core, catalogue, store, clock)


@contextmanager
def _without_permission_classes(product: GraphQLSchema) -> Iterator[None]:
    """Strawberry reads a field's extensions while it builds a schema, and never again."""
    kept = [(field, field.extensions) for field in _fields(product)]
    try:
        for field, extensions in kept:
            field.extensions = [one for one in extensions if not isinstance(one, PermissionExtension)]
        yield
    finally:
        for field, extensions in kept:
            field.extensions = extensions


def _fields(product: GraphQLSchema) -> Iterator[Any]:
    for kind in product.type_map.values():
        definition = kind.extensions.get("strawberry-definition")
        yield from getattr(definition, "fields", ())


def _open_resolvers(core: GraphQLSchema, catalogue: Catalogue) -> None:
    for type_name in catalogue.entity_of_type:
        kind: Any = core.type_map[type_name]
        kind.is_type_of = None
        for interface in kind.interfaces:
            interface.resolve_type = _type_name
        for field_name, spec in catalogue.fields_of_type[type_name].items():
            kind.fields[field_name].resolve = _resolver(spec)


def _type_name(view: View, _info: object, _kind: object) -> str:
    return view.type_name


def _resolver(spec: FieldSpec) -> Resolver:
    name = spec.name
    if name == "id":
        return lambda view, info: info.context.global_id(view)
    if spec.link is None:
        return lambda view, _info: view.value(name)
    target = spec.link()

    def follow(view: View, info: GraphQLResolveInfo[Any]) -> Any:  # noqa: ANN401  a view, later
        row_id = view.value(name)
        return None if row_id is None else info.context.load(target, row_id)

    return follow
