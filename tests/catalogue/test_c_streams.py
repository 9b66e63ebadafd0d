"""Section C of the catalogue, subscriptions: no stream opens but through the door of queries, and each ends with the rights of its subscriber."""

import json
from itertools import count

import httpx2
import pytest

from tests.catalogue.house import House, codes_of
from tests.catalogue.shutting import SHUT
from tests.web.listening import EVENTS, listening, refused
from tests.web.serving import PASSWORD

SIGN_IN = "mutation ($i: SignInInput!) { signIn(input: $i) { csrfToken } }"
CHANGED = {
    "WorkOrder": ("subscription { workOrderChanged { title } }", "updateWorkOrder", "workOrderId", "far order", "title"),
    "Asset": ("subscription { assetChanged { name } }", "updateAsset", "assetId", "fan", "name"),
    "Location": ("subscription { locationChanged { name } }", "updateLocation", "locationId", "south", "name"),
}  # fmt: skip
"""By type: what is subscribed, and how a row of the house is changed."""
ORDERS = CHANGED["WorkOrder"][0]
NAMES = count(1)


def touch(house: House, of: str) -> str:
    """Changes a row of this type; what it is called now, which nobody else has used."""
    _, name, key, row, field = CHANGED[of]
    word = f"{of} {next(NAMES)}"
    assert house.change("admin", name, {key: house.ids[row], field: word})["userErrors"] == []
    return word


def signed_in(house: House) -> dict[str, str]:
    """The headers of a page of the administrator's session."""
    given = {"email": "an@catalogue.example", "password": PASSWORD}
    origin = house.product.origin
    body = {"query": SIGN_IN, "variables": {"i": given}}
    entered = httpx2.post(f"{origin}/graphql", json=body, headers={"Origin": origin}, timeout=20)
    cookies = "; ".join(one.split(";")[0] for one in entered.headers.get_list("set-cookie"))
    csrf = entered.json()["data"]["signIn"]["csrfToken"]
    return {**EVENTS, "Cookie": cookies, "X-CSRF-Token": csrf, "Origin": origin}


@pytest.mark.parametrize("protocol", ["graphql-transport-ws", "graphql-ws", "mqtt"])
def test_c54_a_socket_is_refused_before_it_opens(house: House, protocol: str) -> None:
    """With every right to the data, and with none."""
    upgrade = {
        "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Protocol": protocol,
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13",
    }  # fmt: skip
    bearer = {"Authorization": f"Bearer {house.product.token}"}

    answers = [
        httpx2.get(f"{house.product.origin}/graphql", headers=upgrade | more, timeout=20)
        for more in (bearer, {})
    ]

    assert [(one.status_code, codes_of(one)) for one in answers] == [
        (400, ["BAD_REQUEST"]),
        (400, ["BAD_REQUEST"]),
    ]
    assert all("upgrade" not in one.headers for one in answers)


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"Accept": "application/json"}, 406, "NOT_ACCEPTABLE"),
        ({"Accept": "multipart/mixed, text/event-stream;q=0"}, 406, "NOT_ACCEPTABLE"),
        ({"Content-Type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"Authorization": "Bearer iso_live_wrong"}, 401, "UNAUTHENTICATED"),
    ],
)
def test_c54_a_stream_is_refused_before_it_opens(
    house: House, changed: dict[str, str], status: int, code: str
) -> None:
    headers = {**EVENTS, "Authorization": f"Bearer {house.product.token}", **changed}
    shown = accesses(house)

    found = refused(house.product, "subscription { workOrderChanged { title requester { name } } }", headers=headers)  # fmt: skip

    assert found == (status, code)
    assert accesses(house) == shown


def test_c54_nothing_is_subscribed_by_an_address(house: House) -> None:
    headers = {"Authorization": f"Bearer {house.product.token}", "Accept": "text/event-stream"}

    answer = httpx2.get(
        f"{house.product.origin}/graphql", params={"query": ORDERS}, headers=headers, timeout=20
    )

    assert (answer.status_code, answer.headers["allow"], codes_of(answer)) == (
        405,
        "POST",
        ["METHOD_NOT_ALLOWED"],
    )


def test_c54_a_cookie_alone_subscribes_to_nothing(house: House) -> None:
    own = signed_in(house)
    tries = {
        "no token": {name: value for name, value in own.items() if name != "X-CSRF-Token"},
        "another token": {**own, "X-CSRF-Token": "x" * 43},
        "another page": {**own, "Origin": "https://evil.example"},
        "another site": {**own, "Sec-Fetch-Site": "cross-site"},
    }

    found = {name: refused(house.product, ORDERS, headers=headers) for name, headers in tries.items()}

    assert found == {
        "no token": (403, "CSRF_TOKEN_INVALID"),
        "another token": (403, "CSRF_TOKEN_INVALID"),
        "another page": (403, "CROSS_SITE_REQUEST"),
        "another site": (403, "CROSS_SITE_REQUEST"),
    }


ENDS = {
    "ApiToken": ("UNAUTHENTICATED", (401, "UNAUTHENTICATED"), "TOKEN_REVOKE"),
    "RoleAssignment": ("PRINCIPAL_CHANGED", (400, "GRAPHQL_VALIDATION_FAILED"), "ROLE_REMOVE"),
    "User": ("UNAUTHENTICATED PRINCIPAL_CHANGED", (401, "UNAUTHENTICATED"), "USER_DEACTIVATE"),
    "PartnerClient": ("UNAUTHENTICATED", (401, "UNAUTHENTICATED"), "CLIENT_DISABLE"),
}
"""By what ends: the last word of the stream, what the next try gets, and what is on record. That a member changed is heard before who it now is."""


@pytest.mark.parametrize("by", ENDS)
@pytest.mark.parametrize("of", CHANGED)
def test_c55_a_stream_ends_with_the_rights_of_its_subscriber(house: House, of: str, by: str) -> None:
    """What changes afterwards is not told, though the connection is open."""
    token, shut = SHUT[by](house)
    query = CHANGED[of][0]
    word, after, action = ENDS[by]
    with listening(house.product, query, token) as stream:
        told = touch(house, of)
        heard = stream.told()
        before = done(house, action)

        shut()
        secret = touch(house, of)
        ended = stream.ended()

    assert told in json.dumps(heard)
    assert ended in word.split()
    assert secret.encode() not in stream.raw
    assert refused(house.product, query, token) == after
    assert done(house, action) == before + 1


@pytest.mark.parametrize("of", CHANGED)
def test_c55_a_stream_ends_with_its_session(house: House, of: str) -> None:
    headers, query = signed_in(house), CHANGED[of][0]
    with listening(house.product, query, headers=headers) as stream:
        body = {"query": "mutation { signOut { userErrors { code } } }"}
        out = httpx2.post(
            f"{house.product.origin}/graphql", json=body, headers={**headers, "Accept": "*/*"}, timeout=20
        )
        secret = touch(house, of)
        ended = stream.ended()

    assert out.json() == {"data": {"signOut": {"userErrors": []}}}
    assert ended == "UNAUTHENTICATED"
    assert secret.encode() not in stream.raw
    assert refused(house.product, query, headers=headers) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("of", "field"),
    [
        ("WorkOrder", "workOrderChanged { title description requester { name email } }"),
        ("Asset", "assetChanged { name description custodian { name email } }"),
        ("Location", "locationChanged { name site { name } }"),
    ],
)
def test_c55_an_event_is_masked_like_a_query(house: House, of: str, field: str) -> None:
    row = f"{of[0].lower()}{of[1:]}"
    _, _, _, at, _ = CHANGED[of]
    with listening(house.product, f"subscription {{ {field} }}", house.token("viewer")) as stream:
        touch(house, of)
        told = stream.told()

    asked = f"{{ {row}(id: {json.dumps(house.ids[at])}) {field[field.index('{') :]} }}"
    alike = house.ask("viewer", asked).json()
    assert list(told["data"].values()) == list(alike["data"].values())
    assert ("masking" in told.get("extensions", {})) is ("masking" in alike.get("extensions", {}))
    assert ("masking" in told.get("extensions", {})) is (of != "Location")


def done(house: House, action: str) -> int:
    """How often the administrator did it, on record."""
    query = (
        "SELECT count(*) AS n FROM audit_entries WHERE tenant_id = $1 AND action = $2 AND outcome = 'DONE'"
    )
    found: int = house.fetch(query, house.product.tenant, action)[0]["n"]
    return found


def accesses(house: House) -> int:
    """How many records there are of who was shown whom."""
    found: int = house.fetch(
        "SELECT count(*) AS n FROM access_records WHERE tenant_id = $1", house.product.tenant
    )[0]["n"]
    return found
