"""Section B of the catalogue, reading: whatever the document is made of, a value is decided by its coordinate and its row."""

import inspect
import json
from typing import Any

import httpx2
import pytest
from graphql import GraphQLInputObjectType, get_introspection_query

from permissions.categories import Category
from permissions.classes import Discloses
from permissions.principals import Scope
from tests.catalogue.house import SECRETS, House, codes_of
from tests.catalogue.table import no_such_road
from tests.engine.graph import built

DOES_NOT_FIT = ["GRAPHQL_VALIDATION_FAILED"]

SPELLINGS = {
    "plain": "{ it: node(id: %(id)s) { __typename ... on %(of)s { %(field)s } } }",
    "alias": "{ it: node(id: %(id)s) { __typename ... on %(of)s { displayName2: __typename id2: %(field)s } } }",
    "the alias of an open field": "{ it: node(id: %(id)s) { __typename ... on %(of)s { version: %(field)s } } }",
    "fragment": "{ it: node(id: %(id)s) { __typename ...F } } fragment F on %(of)s { x: %(field)s }",
    "fragment in a fragment": "{ it: node(id: %(id)s) { __typename ...G } } fragment G on Node { ...F } fragment F on %(of)s { %(field)s }",
    "directive": "{ it: node(id: %(id)s) { __typename ... on %(of)s @include(if: true) { %(field)s @skip(if: false) } } }",
    "list of nodes": "{ it: nodes(ids: [%(id)s]) { __typename ... on %(of)s { x: %(field)s y: %(field)s } } }",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    ("of", "row", "hidden"),
    [
        ("Contact.phone", "contact", SECRETS["phone"]),
        ("User.email", "technician", "timon@colleague.example"),
        ("Asset.description", "pump", "Loud, says Vera."),
        ("WorkOrder.description", "order", "It leaks, says Vera."),
        ("WorkOrderSignature.signerName", "signature", "Timon Claes"),
    ],
)
def test_b25_a_value_is_masked_under_every_key_and_in_every_fragment(
    house: House, of: str, row: str, hidden: str, spelling: str
) -> None:
    kind, field = of.split(".")
    text = SPELLINGS[spelling] % {"id": json.dumps(house.ids[row]), "of": kind, "field": field}

    shown, masked = (house.ask(who, text) for who in ("admin", "viewer"))

    listed = masked.json()["extensions"]["masking"]["fields"]
    assert hidden in shown.text
    assert hidden not in masked.text
    assert {entry["coordinate"] for entry in listed} == {of}


@pytest.mark.parametrize(
    ("of", "row"),
    [("User", "technician"), ("Contact", "contact"), ("Person", "contact"), ("Node", "technician")],
)
def test_b27_a_value_is_the_same_by_its_type_and_by_every_interface(house: House, of: str, row: str) -> None:
    inside = "... on Person { email }" if of == "Node" else "email"
    text = f"{{ node(id: {json.dumps(house.ids[row])}) {{ ... on {of} {{ {inside} }} }} }}"

    answers = [house.ask(who, text).json() for who in ("viewer", "program", "admin")]

    assert [answer["data"]["node"]["email"] is None for answer in answers] == [True, True, False]
    (coordinate,) = {entry["coordinate"] for entry in answers[0]["extensions"]["masking"]["fields"]}
    assert coordinate == ("Contact.email" if row == "contact" else "User.email")


@pytest.mark.parametrize("of", ["User", "Asset", "WorkOrder"])
@pytest.mark.parametrize("name", ["discloses", "classified(category: NOTES)", "public", "isAuthenticated"])
def test_b27_no_directive_of_a_document_decides_anything(house: House, of: str, name: str) -> None:
    text = f'{{ node(id: "x") {{ ... on {of} {{ id @{name} }} }} }}'

    assert codes_of(house.ask("viewer", text)) == DOES_NOT_FIT


KINDS = {"User": "admin", "Location": "hall", "Asset": "pump", "WorkOrder": "order", "Team": "team"}


@pytest.mark.parametrize("of", KINDS)
def test_b28_an_id_of_one_type_is_read_as_no_other_type(house: House, of: str) -> None:
    field = of[0].lower() + of[1:]
    read = f"{{ %s: {field}(id: %s) {{ id }} }}"

    own = house.data("admin", read % ("it", json.dumps(house.ids[KINDS[of]])))
    others = [
        house.data("admin", read % ("it", json.dumps(house.ids[row])))["it"]
        for kind, row in KINDS.items()
        if kind != of
    ]

    assert own["it"] == {"id": house.ids[KINDS[of]]}
    assert others == [None] * 4


@pytest.mark.parametrize("of", KINDS)
def test_b28_a_written_type_and_a_changed_one_name_nothing(house: House, of: str) -> None:
    own = house.ids[KINDS[of]]
    letters = [one for one in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if one != own[1]]
    tries = [f"{of}:1", f"Public{of}:1", *(own[0] + letter + own[2:] for letter in letters)]

    found = house.data("admin", "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }", ids=tries)

    assert found["nodes"] == [None] * len(tries)


@pytest.mark.parametrize(
    ("of", "who", "row"),
    [
        ("WorkOrder", "technician", "far order"), ("RoleAssignment", "admin", "other role"), ("Team", "program", "team"),
        ("User", "admin", "other admin"), ("Contact", "admin", "other contact"), ("Asset", "admin", "other pump"),
        ("WorkOrder", "admin", "other order"), ("Location", "admin", "other north"), ("Team", "admin", "other team"),
    ],
)  # fmt: skip
def test_b29_node_reaches_no_row_that_the_lists_do_not(house: House, of: str, who: str, row: str) -> None:
    text = "query ($id: ID!, $ids: [ID!]!) { node(id: $id) { __typename } nodes(ids: $ids) { id } }"
    reached = {"technician": "order", "program": "order", "admin": "order"}[who]

    found = house.data(who, text, id=house.ids[row], ids=[house.ids[row], house.ids[reached]])

    assert found == {"node": None, "nodes": [None, {"id": house.ids[reached]}]}


@pytest.mark.parametrize("of", ["User", "Contact", "Asset", "WorkOrder", "Location", "Team"])
def test_b37_a_field_that_is_not_planned_is_refused_at_once(of: str) -> None:
    """At once: a coroutine would be true for whoever does not wait for it."""
    _, schema, catalogue = built()

    class Info:
        """A field that runs under no plan."""

        context = None
        parent_type = schema.type_map[of]

    for field, spec in catalogue.fields_of_type[of].items():
        info: Any = Info()
        info.field_name = field
        permission = spec.permission
        assert isinstance(permission, Discloses)
        assert not inspect.iscoroutinefunction(permission.has_permission)
        assert permission.has_permission(None, info) is False


@pytest.mark.parametrize("of", ["User", "Contact", "Asset", "WorkOrder", "Location", "Team"])
def test_b38_every_field_is_classified_the_deprecated_ones_too(house: House, of: str) -> None:
    text = '{ __type(name: "%s") { fields(includeDeprecated: true) { name isDeprecated args(includeDeprecated: true) { name } } } }'

    told = house.data("admin", text % of)["__type"]["fields"]

    classified = built()[2].classified
    coordinates = [f"{of}.{field['name']}" for field in told if field["name"] != "id"]
    assert [one for one in coordinates if one not in classified] == []
    assert len(told) == len(built()[1].type_map[of].fields)


@pytest.mark.parametrize(
    ("of", "absent"),
    [
        ("Asset", ("CreateAssetInput", "UpdateAssetInput", "AssetPayload")),
        ("WorkOrder", ("CreateWorkOrderInput", "CancelWorkOrderInput", "WorkOrderPayload")),
        ("PartnerClient", ("PartnerClient", "RegisterClientInput", "ClientSecret")),
        ("Team", ("CreateTeamInput", "TeamPayload")),
        ("RoleAssignment", ("MemberRoleInput", "GivenRoleInput")),
    ],
)
def test_b39_introspection_holds_nothing_that_the_class_cannot_use(
    house: House, of: str, absent: tuple[str, ...]
) -> None:
    told = house.ask("viewer", get_introspection_query(input_value_deprecation=True))
    names = {kind["name"] for kind in told.json()["data"]["__schema"]["types"]}

    assert names.isdisjoint(absent)
    assert all(f'"{name}"' not in told.text for name in absent)
    assert {
        kind["name"] for kind in house.data("admin", get_introspection_query())["__schema"]["types"]
    } >= set(absent)
    assert (
        of != "Asset"
        or {scope.value for scope in Scope if ":" in scope.value and scope.value in told.text} == set()
    )


TYPOS = [
    ("User", "{ users(first: 1) { nodes { displayNam } } }", "displayName"),
    ("User", "{ users(first: 1, ordrBy: NAME_ASC) { totalCount } }", "orderBy"),
    ("User", "{ users(first: 1, orderBy: PSEUDONYM_AS) { totalCount } }", "PSEUDONYM_ASC"),
    ("Asset", '{ asset(id: "x") { serialNumbr } }', "serialNumber"),
    ("Asset", "{ asets(first: 1) { totalCount } }", "assets"),
    ("Asset", '{ node(id: "x") { ... on Aset { id } } }', "Asset"),
    ("WorkOrder", "{ workOrders(first: 1, filter: {statu: [OPEN]}) { totalCount } }", "status"),
    (
        "WorkOrder",
        "query ($f: WorkOrderFilte) { workOrders(first: 1, filter: $f) { totalCount } }",
        "WorkOrderFilter",
    ),
    ("WorkOrder", "{ workOrders(first: 1) { totalCount @includ(if: true) } }", "include"),
]


@pytest.mark.parametrize(("of", "text", "right"), TYPOS)
def test_b40_a_slip_is_answered_without_a_suggestion(house: House, of: str, text: str, right: str) -> None:
    answer = house.ask("admin", text)

    assert codes_of(answer) == DOES_NOT_FIT
    assert right not in answer.text
    assert "did you" not in answer.text.lower()


@pytest.mark.parametrize(
    ("of", "variables"),
    [
        ("WorkOrder", {"f": {"statu": ["OPEN"]}}),
        ("WorkOrder", {"f": {"status": ["OPE"]}}),
        ("User", {"u": {"statsu": ["ACTIVE"]}}),
        ("Asset", {"a": {"namePrefx": "x"}}),
    ],
)
def test_b40_a_slip_in_a_variable_is_answered_without_a_suggestion(
    house: House, of: str, variables: dict[str, object]
) -> None:
    text = (
        "query ($f: WorkOrderFilter, $u: UserFilter, $a: AssetFilter) { workOrders(first: 1, filter: $f) { totalCount } "
        "users(first: 1, filter: $u) { totalCount } assets(first: 1, filter: $a) { totalCount } }"
    )

    answer = house.ask("admin", text, **variables)

    assert codes_of(answer) == ["BAD_USER_INPUT"]
    assert "OPEN" not in answer.text
    assert "namePrefix" not in answer.text
    assert "did you" not in answer.text.lower()


@pytest.mark.parametrize(
    ("of", "field"), [("User", "users"), ("Asset", "assets"), ("WorkOrder", "workOrders"), ("Team", "teams")]
)
def test_b41_guessing_often_in_one_request_is_refused(house: House, of: str, field: str) -> None:
    one = f"{field}(first: 100) {{ nodes {{ id }} }}"
    aliases = " ".join(f"a{at}: {one}" for at in range(15))
    spread = "{ " + " ".join(f"a{at}: {field}(first: 100) {{ ...F }}" for at in range(10)) + " }"
    nested = {"User": "roles { id }", "Asset": "workOrders(first: 100) { nodes { id } }"}.get(of, "id")
    fragment = f" fragment F on {of}Connection {{ nodes {{ id {nested} }} }}"
    body = json.dumps([{"query": f"{{ {one} }}"}] * 2).encode()
    headers = {"Authorization": f"Bearer {house.product.token}", "Content-Type": "application/json"}

    def left(answer: httpx2.Response) -> int:
        return int(answer.headers["ratelimit"].split("r=")[1].split(";")[0])

    before = left(house.ask("admin", "{ __typename }"))

    batched = httpx2.post(f"{house.product.origin}/graphql", content=body, headers=headers, timeout=20)
    many = house.ask("admin", f"{{ {aliases} }}")
    paid = house.ask("admin", spread + fragment)

    assert (batched.status_code, codes_of(batched)) == (400, ["BATCHING_NOT_SUPPORTED"])
    assert codes_of(many) == ["TOO_MANY_ALIASES"]
    spent = before - left(house.ask("admin", "{ __typename }"))
    # Less than nothing where a new minute has begun meanwhile.
    assert spent < 0 or spent > (10 if of == "Asset" else 10 * 10)
    assert codes_of(paid) == (["QUERY_TOO_COMPLEX"] if of == "Asset" else [])


def test_b41_a_document_signs_in_once(house: House) -> None:
    one = 'signIn(input: {email: "timon@colleague.example", password: "%s"}) { csrfToken }'

    answers = [
        house.ask("nobody", f"mutation {{ a: {one % 'x'} b: {one % 'y'} }}"),
        house.ask("admin", f"mutation {{ {one % 'x'} b: {one % 'y'} }}"),
    ]

    assert [codes_of(answer) for answer in answers] == [["UNAUTHENTICATED"], ["SIGN_IN_REPEATED"]]


@pytest.mark.parametrize("of", ["User", "Asset", "WorkOrder"])
@pytest.mark.parametrize("part", ["... @defer { id }", "id @stream"])
def test_b43_no_part_of_an_answer_comes_later(house: House, of: str, part: str) -> None:
    no_such_road("B43")
    text = f'{{ node(id: "x") {{ ... on {of} {{ {part} }} }} }}'

    assert set(codes_of(house.ask("admin", text))) == set(DOES_NOT_FIT)


def test_b39_every_input_of_the_graph_is_of_a_known_kind() -> None:
    """What a class lacks is found through its inputs, so that each has to say what it writes or reveals."""
    _, schema, catalogue = built()
    inputs = {name for name, kind in schema.type_map.items() if isinstance(kind, GraphQLInputObjectType)}

    assert inputs - set(catalogue.written_inputs) - set(catalogue.governed_inputs) == {
        "DateRange",
        "DateTimeRange",
    }
    assert Category.CREDENTIAL not in {
        category for rule in catalogue.governed_inputs.values() for category in rule.fields.values()
    }
