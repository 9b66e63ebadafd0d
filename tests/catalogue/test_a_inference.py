"""Section A of the catalogue: a value is not learnt from which rows come, in which order, how many they are, or how an answer is made."""

import base64
import json
import time
from collections.abc import Callable

import httpx2
import pytest
from graphql import GraphQLInputObjectType, get_named_type, is_leaf_type

from permissions.categories import ROW_RULED
from tests.catalogue.house import SECRETS, House, codes_of, denied
from tests.catalogue.table import no_such_road
from tests.engine.graph import built
from tests.web.programs import register

LISTS = {
    "User": "users",
    "Asset": "assets",
    "WorkOrder": "workOrders",
    "Location": "locations",
    "Team": "teams",
}
"""By type: where its rows are listed."""
OF_LISTS = pytest.mark.parametrize("of", LISTS)
DOES_NOT_FIT = ["GRAPHQL_VALIDATION_FAILED"]

MASKED_FILTERS = [
    ("User.email", 'email: "%s"', ("an@catalogue.example", "on@catalogue.example")),
    ("User.name", 'namePrefix: "%s"', ("An P", "Xx P")),
    ("WorkOrder.description", 'description: "%s"', ("It leaks", "It sings")),
    ("WorkOrder.requester", 'requesterName: "%s"', ("Zebedeus", "Yebedeus")),
    ("Asset.description", 'description: "%s"', ("Loud, says", "Soft, says")),
    ("Team.people", 'personName: "%s"', ("Timon", "Zimon")),
]


def filtered(of: str, criteria: str) -> str:
    """How many rows a list has that a filter asks for."""
    return f"{{ {LISTS[of.split('.', maxsplit=1)[0]]}(first: 5, filter: {{{criteria}}}) {{ totalCount }} }}"


@pytest.mark.parametrize(("of", "criteria", "guesses"), MASKED_FILTERS)
def test_a01_a_filter_by_what_is_masked_is_answered_alike_whatever_is_guessed(
    house: House, of: str, criteria: str, guesses: tuple[str, str]
) -> None:
    """A character more each time, right or wrong: the same bytes."""
    tries = [guess[:length] for guess in guesses for length in (1, 2, len(guess))]

    answers = [house.ask("viewer", filtered(of, criteria % guess)) for guess in tries]

    assert {answer.content for answer in answers} == {answers[0].content}
    assert codes_of(answers[0]) == DOES_NOT_FIT


@OF_LISTS
def test_a02_a_sort_by_what_is_masked_does_not_exist_and_the_others_order_by_rows_alone(
    house: House, of: str
) -> None:
    rule = built()[2].governed_inputs[f"{of}Order"]
    personal = sorted(name for name, category in rule.fields.items() if category not in ROW_RULED)
    asked = house.data("viewer", f'{{ __type(name: "{of}Order") {{ enumValues {{ name }} }} }}')

    answers = [
        house.ask("viewer", f"{{ {LISTS[of]}(first: 5, orderBy: {by}) {{ totalCount }} }}")
        for by in (*personal, "PHONE_ASC", "DESCRIPTION_ASC")
    ]

    assert personal == (["NAME_ASC", "NAME_DESC"] if of == "User" else [])
    assert {one["name"] for one in asked["__type"]["enumValues"]} == set(rule.fields) - set(personal)
    assert {answer.content for answer in answers} == {answers[0].content}
    assert codes_of(answers[0]) == DOES_NOT_FIT


@pytest.mark.parametrize(
    ("of", "right", "wrong"),
    [
        ("User", "Timon", ("@colleague", "timon@", "+32470")),
        ("Asset", "Pump", ("P-1", "SN-7", "Loud")),
        ("Location", "Hall", ("Europe", "Brussels", "@")),
        ("Team", "Nig", ("Timon", "@", "timon@")),
    ],
)
def test_a09_a_picker_looks_at_the_column_that_it_shows_and_at_no_other(
    house: House, of: str, right: str, wrong: tuple[str, ...]
) -> None:
    def count(prefix: str) -> int:
        found: int = house.data("admin", filtered(of, f"namePrefix: {json.dumps(prefix)}"))[LISTS[of]][
            "totalCount"
        ]
        return found

    assert (count(right), [count(one) for one in wrong]) == (1, [0] * len(wrong))


def cursor_of(house: House, who: str, of: str) -> str:
    """Where the first row of a list ends."""
    text = f"{{ {LISTS[of]}(first: 1) {{ pageInfo {{ endCursor }} }} }}"
    found: str = house.data(who, text)[LISTS[of]]["pageInfo"]["endCursor"]
    return found


@OF_LISTS
def test_a11_a_cursor_tells_nothing_of_the_row_on_which_it_ends(house: House, of: str) -> None:
    text = cursor_of(house, "admin", of)

    inside = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    row = house.data(
        "admin",
        f"{{ {LISTS[of]}(first: 1) {{ nodes {{ id {'name' if of != 'WorkOrder' else 'title'} }} }} }}",
    )
    values = [value.encode() for value in row[LISTS[of]]["nodes"][0].values()]

    assert not any(value in inside or value.lower() in inside for value in values)
    assert not inside.isascii()


@OF_LISTS
def test_a12_a_cursor_that_was_edited_or_is_anothers_or_of_another_list_is_refused(
    house: House, of: str
) -> None:
    own = cursor_of(house, "admin", of)
    other = next(one for one in LISTS if one != of)
    swapped = own[:-2] + ("BB" if own[-2:] != "BB" else "CC")
    text = "{ %s(first: 1, after: %s) { totalCount } }"

    answers = [
        house.ask("admin", text % (LISTS[of], json.dumps(swapped))),
        house.ask("viewer", text % (LISTS[of], json.dumps(own))),
        house.ask("admin", text % (LISTS[other], json.dumps(own))),
    ]

    assert [codes_of(answer) for answer in answers] == [["CURSOR_INVALID"]] * 3
    assert codes_of(house.ask("admin", text % (LISTS[of], json.dumps(own)))) == []


@OF_LISTS
def test_a13_no_filter_leads_through_a_relation(house: House, of: str) -> None:
    kind = built()[1].type_map[f"{of}Filter"]
    assert isinstance(kind, GraphQLInputObjectType)
    nested = {
        name
        for name, field in kind.fields.items()
        if not is_leaf_type(get_named_type(field.type)) and get_named_type(field.type).name != "DateTimeRange"
    }

    answers = [
        house.ask(who, filtered(of, hop))
        for hop in (
            'requester: {phone: "+32"}',
            'custodian: {email: "z"}',
            'site: {name: "N"}',
            'people: {name: "T"}',
        )
        for who in ("viewer", "program")
    ]

    assert nested == set()
    assert [codes_of(answer) for answer in answers] == [DOES_NOT_FIT] * 8


def test_a14_nobody_keeps_a_filter_that_somebody_else_runs() -> None:
    no_such_road("A14")


NEIGHBOURS: list[tuple[str, Callable[[House], tuple[str, dict[str, object], str]]]] = [
    ("Asset", lambda house: ("createAsset", {"name": "A", "locationId": house.ids["other north"]}, "locationId")),
    ("WorkOrder", lambda house: ("createWorkOrder", {"title": "A", "assetId": house.ids["other pump"]}, "assetId")),
    ("Location", lambda house: ("createLocation", {"name": "A", "parentId": house.ids["other north"]}, "parentId")),
    ("Team", lambda house: ("putOnTeam", {"teamId": house.ids["other team"], "personId": house.ids["viewer"]}, "teamId")),
    ("User", lambda house: ("assignRole", {"personId": house.ids["other admin"], "role": "VIEWER"}, "personId")),
]  # fmt: skip


@pytest.mark.parametrize(("of", "attempt"), NEIGHBOURS)
def test_a17_a_neighbours_row_is_as_unknown_as_a_made_up_one_and_takes_no_name_away(
    house: House, of: str, attempt: Callable[[House], tuple[str, dict[str, object], str]]
) -> None:
    """The neighbour has the tag P-1 and the team Night, too: both were made, so what is unique is so within one organisation."""
    name, given, field = attempt(house)
    unknown = given | {field: house.ids["other order" if of != "WorkOrder" else "other team"][:-4] + "AAAA"}
    before = house.stored()

    found = [house.change("admin", name, one)["userErrors"] for one in (given, unknown)]

    assert found == [[{"code": "NOT_FOUND", "field": field}]] * 2
    assert house.stored() == before


def test_a18_who_is_unknown_takes_as_long_and_reads_the_same(house: House) -> None:
    text = "mutation ($input: SignInInput!) { signIn(input: $input) { csrfToken userErrors { code field message } } }"

    def tried(address: str) -> tuple[float, bytes]:
        begin = time.perf_counter()
        answer = house.ask("nobody", text, input={"email": address, "password": "wrong horse battery"})
        return time.perf_counter() - begin, answer.content

    known = [tried(f"{name}@colleague.example") for name in ("timon", "vera", "quinta")]
    unknown = [tried(f"{name}@colleague.example") for name in ("nemo", "niemand", "personne")]

    assert {body for _, body in known} == {body for _, body in unknown}
    assert json.loads(known[0][1])["data"]["signIn"]["userErrors"][0]["code"] == "INVALID_CREDENTIALS"
    fastest = min(took for took, _ in known)
    assert fastest / 2 < min(took for took, _ in unknown) < fastest * 2


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_id": "nobody", "client_secret": "guess"}, "invalid_client"),
        ({"client_id": "%s", "client_secret": "guess"}, "invalid_client"),
    ],
)
def test_a18_a_program_that_is_unknown_reads_the_same_as_a_wrong_secret(
    house: House, form: dict[str, str], error: str
) -> None:
    sent = {key: value.replace("%s", house.program.client_id) for key, value in form.items()}

    answer = house.program.post("/oauth/token", {"grant_type": "client_credentials", **sent}, {})

    said = {"error": error, "error_description": "The client could not be authenticated."}
    assert (answer.status_code, answer.json()) == (401, said)


@pytest.mark.parametrize(
    ("of", "who", "text", "fields"),
    [
        ("Contact", "quality", "{ node(id: %s) { ... on Person { email phone } } }", {"email": 8, "phone": 10}),
        ("User", "viewer", "{ user(id: %s) { name displayName } }", {"name": 7, "displayName": 7}),
        ("WorkOrderSignature", "viewer", "{ node(id: %s) { ... on WorkOrderSignature { signerName } } }", {"signerName": 7}),
    ],
)  # fmt: skip
def test_a20_a_mask_has_one_length_whatever_is_behind_it(
    house: House, of: str, who: str, text: str, fields: dict[str, int]
) -> None:
    row = {"Contact": "contact", "User": "admin", "WorkOrderSignature": "signature"}[of]

    (shown,) = house.data(who, text % json.dumps(house.ids[row])).values()

    assert {name: len(value) for name, value in shown.items()} == fields
    assert all("•" in value for value in shown.values())


def test_a20_a_pseudonym_differs_from_one_organisation_to_another_and_by_purpose(house: House) -> None:
    notices = register(house.product, "USERS_READ", purpose="NOTIFY").token(scope="users:read")
    text = "{ users(first: 50) { nodes { pseudonym } } }"

    def signs(token: str) -> list[str]:
        answer = httpx2.post(
            f"{house.product.origin}/graphql",
            json={"query": text},
            headers={"Authorization": f"Bearer {token}"},
        )
        return [one["pseudonym"] for one in answer.json()["data"]["users"]["nodes"]]

    service, notify = signs(house.token("program")), signs(notices)

    assert len(service) == len(notify) > 3
    assert set(service).isdisjoint(notify)
    assert signs(house.other.token)[0] not in service


@pytest.mark.parametrize(
    ("of", "criteria"),
    [
        ("User", "email: null"), ("User", "namePrefix: null"), ("User", "email: {isNull: false}"),
        ("WorkOrder", "description: null"), ("WorkOrder", "requesterName: null"),
        ("Asset", "description: null"), ("Asset", "description: {isNull: false}"), ("Team", "personName: null"),
    ],
)  # fmt: skip
def test_a22_whether_there_is_a_value_is_a_value(house: House, of: str, criteria: str) -> None:
    answer = house.ask("viewer", filtered(of, criteria))

    assert codes_of(answer) == DOES_NOT_FIT
    assert b"totalCount" not in answer.content


@pytest.mark.parametrize(
    ("of", "coarse"),
    [
        ("User", ("lastSeenYear", "pseudonym", "displayName")),
        ("Location", ("area", "latitude", "longitude")),
        ("Contact", ("pseudonym", "displayName")),
        ("WorkOrderSignature", ("signerName",)),
    ],
)
def test_a23_no_list_is_narrowed_or_ordered_by_what_is_shown_coarsely(
    of: str, coarse: tuple[str, ...]
) -> None:
    """So coarse values cannot be put together until one row is left."""
    _, schema, catalogue = built()
    assert set(coarse) <= set(schema.type_map[of].fields)
    words = {
        word.lower()
        for name, rule in catalogue.governed_inputs.items()
        for member in rule.fields
        for word in (member, member.removesuffix("_ASC").removesuffix("_DESC"))
    }

    assert {name for name in coarse if name.lower() in words} == {"pseudonym"} & set(coarse)


def test_a23_the_sort_by_pseudonym_is_that_of_the_number_which_everybody_may_know(house: House) -> None:
    text = "{ users(first: 50, orderBy: PSEUDONYM_ASC) { nodes { id } } }"

    orders = [
        [one["id"] for one in house.data(who, text)["users"]["nodes"]]
        for who in ("admin", "viewer", "program")
    ]

    assert orders[0] == orders[1] == orders[2]


def test_a17_a_denied_change_of_a_neighbours_row_is_on_record(house: House) -> None:
    given = {"input": {"assetId": house.ids["other pump"], "name": "Mine"}}
    text = "mutation ($input: UpdateAssetInput!) { updateAsset(input: $input) { userErrors { code } } }"

    denied(
        house, "admin", lambda: house.ask("admin", text, **given), "NOT_FOUND", ("ASSET_UPDATE", "NOT_FOUND")
    )
    assert SECRETS["name"] not in repr(house.denials("admin"))
