"""The resolvers of declared fields: each asks its permission class, then reads a sealed view. Refuses everything that is not a view."""

from collections.abc import Awaitable, Callable
from typing import Any

from graphql import GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema, default_field_resolver

from isomod_graphql.core.columns import Base
from isomod_graphql.core.errors import Forbidden
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.entities import Entity, FieldSpec
from isomod_graphql.engine.projection import View
from isomod_graphql.engine.request import Request
from permissions.classes import RunningPlan

Resolver = Callable[[Any, GraphQLResolveInfo[Any]], Any]


def default_resolver(source: object, name: str) -> Any:  # noqa: ANN401  any payload field
    """For payloads, pages and inputs. Raises TypeError for an ORM entity: it would show columns that nobody decided on."""
    if isinstance(source, Base) or hasattr(source, "_mapping") or isinstance(source, View):
        raise TypeError(f"a {type(source).__name__} does not enter GraphQL here")
    return getattr(source, name)


def install(schema: GraphQLSchema, catalogue: Catalogue) -> None:
    """Puts the planned resolvers into a built schema and tells interfaces the type by its tag, never by a guess.

    Every other field, of the root, of pages and of payloads, answers only where the running plan contains it.
    """
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for field in kind.fields.values():
                field.resolve = _planned(field.resolve or default_field_resolver)
    for type_name in catalogue.entity_of_type:
        core: Any = schema.type_map[type_name]
        core.is_type_of = None
        for field_name, spec in catalogue.fields_of_type[type_name].items():
            coordinate = f"{type_name}.{field_name}"
            if spec.gathered:
                source = catalogue.sources[type_name, field_name]
                core.fields[field_name].resolve = _set_resolver(coordinate, spec, source)
            else:
                core.fields[field_name].resolve = _resolver(coordinate, spec)
        for interface in core.interfaces:
            interface.resolve_type = _tagged


def _planned(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def resolve_planned(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:  # noqa: ANN401  graphql-core's signature
        plan: RunningPlan | None = getattr(info.context, "plan", None)
        if plan is None or not plan.covers(info.parent_type.name, info.field_name):
            raise Forbidden
        return resolve(source, info, **arguments)

    return resolve_planned


def _tagged(value: Any, _info: GraphQLResolveInfo[Any], _kind: object) -> str:  # noqa: ANN401  graphql-core's signature
    if not isinstance(value, View):
        raise TypeError("only a view has a type")
    return value.type_name


def _resolver(coordinate: str, spec: FieldSpec) -> Resolver:
    if spec.name == "id":
        return _guarded(spec, lambda view, info: info.context.global_id(view))
    if spec.link is not None:
        target = spec.link()

        def follow(view: View, info: GraphQLResolveInfo[Any]) -> Any:  # noqa: ANN401  a view, or what gives one
            if spec.personal:
                info.context.show(info.path, coordinate, view, spec.name)
            return _follow(info.context, target, view.value(spec.name))

        return _guarded(spec, follow)
    if not spec.personal:
        return _guarded(spec, lambda view, _info: view.value(spec.name))

    def personal(view: View, info: GraphQLResolveInfo[Any]) -> Any:  # noqa: ANN401  the field's own type
        info.context.show(info.path, coordinate, view, spec.name)
        return view.value(spec.name)

    return _guarded(spec, personal)


def _set_resolver(coordinate: str, spec: FieldSpec, source: Any) -> Resolver:  # noqa: ANN401  a source of small sets
    def rows(view: View, info: GraphQLResolveInfo[Any]) -> Awaitable[list[View]] | None:
        info.context.show(info.path, coordinate, view, spec.name)
        return source.views(info.context, view) if view.value(spec.name) else None

    return _guarded(spec, rows)


def _guarded(spec: FieldSpec, read: Callable[[View, GraphQLResolveInfo[Any]], Any]) -> Resolver:
    permitted = spec.permission.has_permission

    def resolve(source: Any, info: GraphQLResolveInfo[Any]) -> Any:  # noqa: ANN401  graphql-core's signature
        if not isinstance(source, View) or not permitted(source, info):
            raise Forbidden
        return read(source, info)

    return resolve


def _follow(request: Request, target: Entity, row_id: Any) -> Awaitable[View | None] | None:  # noqa: ANN401  a column's value
    return None if row_id is None else request.load(target, row_id)
