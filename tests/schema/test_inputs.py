"""Every input field has a category, the one of what it writes, and the SDL explains what the mutations of work take and give."""

from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
from graphql import GraphQLInputObjectType, GraphQLSchema, get_named_type

from isomod_graphql.core.columns import UnclassifiedColumn
from isomod_graphql.engine.catalogue import Catalogue, build_catalogue
from isomod_graphql.engine.classified import writes
from permissions.categories import PERSONAL, Category
from permissions.grants import Action
from tests.engine.graph import built

ROOMS = ("Location", "Asset", "WorkOrder")
ENVELOPE = {"expectedVersion", "idempotencyKey"}
"""What surrounds a change; it is written to no row of the domain."""

PERSONAL_FIELDS = {
    ("CreateAssetInput", "description"): Category.NOTES,
    ("UpdateAssetInput", "description"): Category.NOTES,
    ("CreateWorkOrderInput", "description"): Category.NOTES,
    ("UpdateWorkOrderInput", "description"): Category.NOTES,
    ("HoldWorkOrderInput", "reason"): Category.NOTES,
    ("CompleteWorkOrderInput", "resolution"): Category.NOTES,
    ("ReopenWorkOrderInput", "reason"): Category.NOTES,
    ("CancelWorkOrderInput", "reason"): Category.NOTES,
}
"""The personal fields of the inputs of places, equipment and work."""


def core() -> GraphQLSchema:
    """graphql-core's schema."""
    schema: GraphQLSchema = built()[1]
    return schema


def catalogue() -> Catalogue:
    """What the schema accepts."""
    known: Catalogue = built()[2]
    return known


def inputs_of(schema: GraphQLSchema) -> dict[str, GraphQLInputObjectType]:
    """The input types of mutations by name."""
    return {
        name: kind
        for name, kind in schema.type_map.items()
        if isinstance(kind, GraphQLInputObjectType) and not name.endswith(("Filter", "Range"))
    }


def room_of(input_type: str) -> str | None:
    """Location, Asset or WorkOrder, for the input of one of their mutations."""
    return next((room for room in ROOMS if input_type.endswith(f"{room}Input")), None)


def test_every_input_field_has_a_category() -> None:
    fields = {name: set(kind.fields) for name, kind in inputs_of(core()).items()}

    assert {name: set(rule.fields) for name, rule in catalogue().written_inputs.items()} == fields


def test_the_personal_input_fields_of_places_equipment_and_work_are_known() -> None:
    found = {
        (name, field): category
        for name, rule in catalogue().written_inputs.items()
        if room_of(name)
        for field, category in rule.fields.items()
        if category in PERSONAL
    }

    assert found == PERSONAL_FIELDS


def test_a_field_is_written_as_what_it_is_read_as() -> None:
    disagreeing = {
        (name, field): (category, read[field].category)
        for name, rule in catalogue().written_inputs.items()
        for read in [catalogue().fields_of_type.get(room_of(name) or "", {})]
        for field, category in rule.fields.items()
        if field not in ENVELOPE and field in read and read[field].category is not category
    }

    assert disagreeing == {}


def mutations_of(rooms: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """The root mutations whose names end in one of these."""
    root: Any = core().mutation_type
    return ((name, field) for name, field in root.fields.items() if name.endswith(rooms))


def test_there_is_one_mutation_per_verb() -> None:
    assert sorted(name for name, _ in mutations_of(ROOMS)) == [
        "assignWorkOrder", "cancelWorkOrder", "closeWorkOrder", "completeWorkOrder", "createAsset", "createLocation",
        "createWorkOrder", "holdWorkOrder", "moveAsset", "moveLocation", "openWorkOrder", "reopenWorkOrder",
        "resumeWorkOrder", "scheduleWorkOrder", "signWorkOrder", "startWorkOrder", "unscheduleWorkOrder", "updateAsset", "updateLocation",
        "updateWorkOrder",
    ]  # fmt: skip


def test_no_input_sets_the_status_of_a_work_order() -> None:
    fields = {
        field for name, kind in inputs_of(core()).items() if "WorkOrder" in name for field in kind.fields
    }

    assert "status" not in fields


def test_everything_that_these_mutations_take_and_give_is_described() -> None:
    silent: list[str] = []
    for name, field in mutations_of(ROOMS):
        taken, given = field.args["input"], get_named_type(field.type)
        parts = {
            name: field,
            f"{name}.input": taken,
            given.name: given,
            taken.type.of_type.name: taken.type.of_type,
        }
        parts |= {f"{given.name}.{key}": one for key, one in given.fields.items()}
        parts |= {f"{taken.type.of_type.name}.{key}": one for key, one in taken.type.of_type.fields.items()}
        silent += [coordinate for coordinate, part in parts.items() if not part.description]

    assert silent == []


def test_the_payload_of_a_mutation_is_nullable() -> None:
    assert [name for name, field in mutations_of(ROOMS) if str(field.type).endswith("!")] == []


@strawberry.input
class SilentInput:
    """Says nothing of what it writes."""

    name: str


@writes(Action.USER_UPDATE, {Category.IDENTITY: "name nickname"})
@strawberry.input
class MistakenInput:
    """Classifies a field that it does not have."""

    name: str


@writes(Action.USER_UPDATE, {Category.IDENTITY: "name"})
@strawberry.input
class SpokenInput:
    """Classified."""

    name: str


@strawberry.input
class InheritingInput(SpokenInput):
    """Adds a field and leaves it to its parent to say what that is."""

    email: str


@pytest.mark.parametrize("kind", [SilentInput, MistakenInput, InheritingInput])
def test_an_input_that_does_not_say_what_it_writes_is_not_served(kind: type) -> None:
    def rename(input: Any) -> str | None:  # noqa: A002, ANN401  the argument's name in the graph
        return None

    rename.__annotations__["input"] = kind
    mutation = strawberry.type(type("Mutation", (), {"rename": strawberry.mutation(rename)}))
    query = strawberry.type(type("Query", (), {"__annotations__": {"name": str}}))
    schema = strawberry.Schema(query=query, mutation=mutation)

    with pytest.raises(UnclassifiedColumn):
        build_catalogue(schema._schema, ())
