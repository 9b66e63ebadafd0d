"""People and teams are listed and looked up by who may read users, over HTTP; everybody else sees people where the work names them, and nowhere else."""

from collections.abc import Iterator

import pytest

from isomod_graphql.core.installation import Urls
from permissions.principals import Scope
from tests.web.house import House, keep_house
from tests.web.programs import register

WORK = frozenset({Scope.WORK_ORDERS_READ})
ROOTS = {
    "users": "{ users(first: 5) { totalCount } }",
    "user": "query ($id: ID!) { user(id: $id) { id } }",
    "teams": "{ teams(first: 5) { totalCount } }",
    "team": "query ($id: ID!) { team(id: $id) { id } }",
}
QUERIES = "{ __schema { queryType { fields { name } } } }"
CREW = "{ workOrders(first: 9) { nodes { assignee { id displayName ... on User { roles { id } } } } } }"


@pytest.fixture(scope="module")
def house(urls: Urls) -> Iterator[House]:
    """Nothing in it is changed."""
    with keep_house(urls, "listing") as kept:
        yield kept


def roots(house: House, token: str) -> set[str]:
    """Which of these root fields the caller has."""
    fields = house.data(token, QUERIES)["__schema"]["queryType"]["fields"]
    return {one["name"] for one in fields} & ROOTS.keys()


@pytest.mark.parametrize("person", ["admin", "manager", "technician", "viewer", "requester", "officer"])
@pytest.mark.parametrize(
    ("scope", "lists"),
    [
        (Scope.USERS_READ, True), (Scope.USERS_WRITE, True), (Scope.ADMIN, True), (Scope.WORK_ORDERS_READ, False),
        (Scope.WORK_ORDERS_WRITE, False), (Scope.PII_IDENTITY, False), (Scope.PII_CONTACT, False),
        (Scope.PRIVACY_EXECUTE, False), (Scope.ASSETS_READ, False),
    ],
)  # fmt: skip
def test_a_scope_lists_people_or_does_not_have_the_field(
    house: House, person: str, scope: Scope, *, lists: bool
) -> None:
    """`admin` gives what its holder's roles hold of it, and reading users is of it."""
    token = house.token(person, frozenset({scope}))

    assert roots(house, token) == (set(ROOTS) if lists else set())


@pytest.mark.parametrize("root", ROOTS)
def test_a_token_for_work_gets_the_answer_to_a_word_that_nobody_knows(house: House, root: str) -> None:
    token = house.token("viewer", WORK)
    nonsense = root[:-1] + "q"

    answers = [
        house.ask(token, ROOTS[root].replace(f" {root}(", f" {name}("), id=house.ids["mark"])
        for name in (root, nonsense)
    ]

    assert answers[0].json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert answers[0].content == answers[1].content.replace(nonsense.encode(), root.encode())
    assert house.ids["mark"].encode() not in answers[0].content


def test_people_whom_the_work_names_still_show(house: House) -> None:
    shown = house.data(house.token("viewer", WORK | {Scope.PII_IDENTITY}), CREW)["workOrders"]["nodes"]

    assert {node["assignee"]["id"] for node in shown} == {
        house.ids[name] for name in ("technician", "mark", "southerner")
    }


@pytest.mark.parametrize("scopes", [["WORK_ORDERS_READ"], ["WORK_ORDERS_READ", "PII_IDENTITY"]])
def test_a_program_for_work_does_not_look_a_person_up(house: House, scopes: list[str]) -> None:
    """Neither by `node` nor by `nodes`, and nothing of the answer tells that there is somebody."""
    token = register(house.served, *scopes).token()
    text = "query ($id: ID!, $ids: [ID!]!) { node(id: $id) { id __typename } nodes(ids: $ids) { id } }"
    order = house.ids["order 1"]
    shown = house.data(token, CREW)["workOrders"]["nodes"]
    role = next(node["assignee"]["roles"][0]["id"] for node in shown)

    answers = [
        house.ask(token, text, id=one, ids=[one, order]) for one in (house.ids["technician"], role, "nothing")
    ]

    assert {answer.content for answer in answers} == {answers[2].content}
    assert answers[0].json()["data"] == {"node": None, "nodes": [None, {"id": order}]}


def test_everybody_is_found_by_him_or_herself(house: House) -> None:
    token, mine = house.token("viewer", WORK), house.ids["viewer"]
    text = "query ($id: ID!) { node(id: $id) { id } viewer { id } }"

    assert house.data(token, text, id=mine) == {"node": {"id": mine}, "viewer": {"id": mine}}


def test_who_may_read_users_looks_them_up(house: House) -> None:
    token = house.token("viewer", WORK | {Scope.USERS_READ})
    text = "query ($id: ID!) { node(id: $id) { id } user(id: $id) { id } users(first: 1) { totalCount } }"
    mark = {"id": house.ids["mark"]}

    data = house.data(token, text, id=house.ids["mark"])

    assert data == {"node": mark, "user": mark, "users": {"totalCount": 10}}
