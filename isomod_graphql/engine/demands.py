"""What one request asks of a field of the root or of a list: its filters, its groups, the rows that ids name. Refuses arguments that do not fit."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLArgument, GraphQLError, GraphQLInputField, GraphQLInputObjectType, get_named_type
from graphql.execution.values import VariableValues

from isomod_graphql.core.errors import IsoModError
from isomod_graphql.core.keystore import TenantKeys
from isomod_graphql.engine.listing import Demand, demand
from isomod_graphql.engine.request import MAX_NODES, Request
from isomod_graphql.engine.shapes import Counted, Named, NotCompiled, Page, Unsupported
from isomod_graphql.engine.sources import AnyNode, AnyNodes, ById, Told
from isomod_graphql.engine.statistics import Tally, TooManyGroups, tally


def demand_of(item: Page, variables: VariableValues) -> Demand:
    """What a list is asked for. Raises NotCompiled for arguments that do not fit."""
    values = _arguments(item, variables)
    return demand(
        item.listing,
        first=values["first"],
        after=values.get("after"),
        given=_pythonic(values.get("filter"), item.definition.args.get("filter")),
        order_by=values.get("orderBy"),
    )


def counted_of(item: Counted, variables: VariableValues, request: Request | None = None) -> Tally:
    """What a statistic is asked for; without a request no id is looked up. Raises NotCompiled for arguments that do not fit."""
    values = _arguments(item, variables)
    given = _pythonic(values.get("filter"), item.definition.args.get("filter"))
    try:
        return tally(item.statistics, request, values.get("groupBy") or (), given)
    except TooManyGroups:
        raise NotCompiled(Unsupported.FIELD_ERROR) from None


def told_of(item: Named, variables: VariableValues) -> Demand | None:
    """The filter of a field that events are told by; None for every other. Raises NotCompiled as `demand_of`."""
    if not isinstance(item.source, Told):
        return None
    given = _arguments(item, variables).get("filter")
    named = _pythonic(given, item.definition.args.get("filter"))
    return demand(item.source.listing, first=1, given=named)


def only_of(item: Named, variables: VariableValues) -> str | None:
    """The global id that such a field is limited to. Raises NotCompiled as `demand_of`."""
    only: str | None = _arguments(item, variables).get("id")
    return only


def wanted_of(
    item: Named, variables: VariableValues, request: Request, keys: TenantKeys, me: bytes
) -> list[tuple[str, bytes] | None]:
    """The entity and the row that each id names; None where it names nothing that may stand here. Raises as `demand_of`.

    `me` is the viewer's person, empty for a client.
    """
    values = _arguments(item, variables)
    if isinstance(item.source, Told):
        return [_told(item.source, values.get("id"), request)]
    if isinstance(item.source, AnyNode | ById):
        texts = [values["id"]]
    elif isinstance(item.source, AnyNodes):
        texts = values["ids"]
        if len(texts) > MAX_NODES:
            raise NotCompiled(Unsupported.FIELD_ERROR)
    else:
        return [(item.source.entity().name, me)] if me else [None]
    return [_named_by(text, item, request, keys, me) for text in texts]


def _told(source: Told, only: str | None, request: Request) -> tuple[str, bytes] | None:
    """The row of the event that is being told."""
    entity, telling = source.entity(), request.telling
    if telling is None or (only is not None and request.row_id(only, entity) != telling.row_id):
        return None
    return entity.name, telling.row_id.bytes


def _named_by(
    text: str, item: Named, request: Request, keys: TenantKeys, me: bytes
) -> tuple[str, bytes] | None:
    try:
        type_code, row_id = keys.ids.open_raw(text)
    except IsoModError:
        return None
    entity = request.catalogue.entity_of_code.get(type_code)
    if entity is None or entity.name not in item.targets:
        return None
    may = entity.may_seek(request.viewer.vector.actions, own=row_id == me)
    return (entity.name, row_id) if may else None


def _arguments(item: Page | Named | Counted, variables: VariableValues) -> dict[str, Any]:
    try:
        return item.arguments.values(variables)
    except GraphQLError:
        raise NotCompiled(Unsupported.FIELD_ERROR) from None


def _pythonic(given: Any, argument: GraphQLArgument | GraphQLInputField | None) -> Any:  # noqa: ANN401  a coerced input
    """A coerced filter under the names that its declaration has."""
    if given is None:
        return None
    kind: Any = None if argument is None else get_named_type(argument.type)
    if not isinstance(given, Mapping) or not isinstance(kind, GraphQLInputObjectType):
        return given
    return {
        kind.fields[name].extensions["strawberry-definition"].python_name: _pythonic(value, kind.fields[name])
        for name, value in given.items()
    }
