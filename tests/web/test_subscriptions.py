"""Subscriptions over real HTTP: every event is read anew for its subscriber, and whoever does not reach a row gets no byte of it."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from isomod_graphql.core.installation import Urls
from permissions.principals import Role
from tests.conftest import Cluster
from tests.web.listening import READY, Listener, frame_of, gid, listening, order, retitle, site
from tests.web.programs import changed, graph, register
from tests.web.serving import Served, add_colleague, serve

PEOPLE = "subscription { workOrderChanged { title requester { displayName name email phone } } }"
OPEN = "mutation ($input: OpenWorkOrderInput!) { openWorkOrder(input: $input) { userErrors { code } } }"
TITLES = "subscription { workOrderChanged { title } }"


@dataclass(frozen=True)
class Company:
    """A served organisation with people and a site; by first name the token of each."""

    product: Served
    tokens: dict[str, str]
    ids: dict[str, UUID]
    gent: str
    liege: str

    def __getitem__(self, name: str) -> str:
        return self.tokens[name]


@pytest.fixture(scope="module")
def company(urls: Urls) -> Iterator[Company]:
    """Streams that beat every half of a second."""
    with serve(urls, "followed", subscription_heartbeat_s=0.5) as product:
        staff = {
            "tom": ("Tom Claes", Role.TECHNICIAN), "rita": ("Rita Maes", Role.REQUESTER),
            "vera": ("Vera Smets", Role.VIEWER), "otto": ("Otto Goos", Role.PRIVACY_OFFICER),
        }  # fmt: skip
        added = {key: add_colleague(urls, product, *given) for key, given in staff.items()}
        tokens = {key: token for key, (_, token) in added.items()}
        ids = {key: person for key, (person, _) in added.items()}
        yield Company(product, tokens, ids, site(product), site(product, "Liège"))


def followed(title: str, **requester: str | None) -> dict[str, Any]:
    return {"workOrderChanged": {"title": title, "requester": requester}}


def test_each_subscriber_is_told_what_a_query_would_show_and_what_was_masked(company: Company) -> None:
    """Tom sees how to reach Rita while the order is open, and not before."""
    product = company.product
    people = {"assigneeId": gid(product, company["tom"]), "requesterId": gid(product, company["rita"])}
    with (
        listening(product, PEOPLE) as admin,
        listening(product, PEOPLE, company["tom"]) as tom,
        listening(product, PEOPLE, company["rita"]) as rita,
        listening(product, PEOPLE, company["vera"]) as vera,
    ):
        seal = order(product, "Seal", company.gent, **people)
        told = {"admin": admin.told(), "tom": tom.told(), "rita": rita.told(), "vera": vera.told()}
        assert changed(product, OPEN, workOrderId=seal) == {"userErrors": []}
        opened = tom.told()

    raw = {"name": "Rita Maes", "email": "rita@colleague.example", "phone": "+32470112233"}
    hidden = {"email": None, "phone": None}
    assert told["admin"] == {"data": followed("Seal", displayName="Rita Maes", **raw)}
    assert told["rita"] == {"data": followed("Seal", displayName="Rita Maes", **raw)}
    assert told["tom"]["data"] == followed("Seal", displayName="Rita Maes", name="Rita Maes", **hidden)
    assert opened == {"data": followed("Seal", displayName="Rita Maes", **raw)}
    assert told["vera"]["data"] == followed("Seal", displayName="R•• M••", name="R•• M••", **hidden)
    assert masks(told["tom"]) == [("email", "NULL", "RELATION"), ("phone", "NULL", "RELATION")]
    assert masks(told["vera"]) == [
        ("displayName", "INITIALS", "RELATION"), ("email", "NULL", "ROLE"),
        ("name", "INITIALS", "RELATION"), ("phone", "NULL", "ROLE"),
    ]  # fmt: skip


def masks(answer: Any) -> list[tuple[str, str, str]]:  # noqa: ANN401  JSON
    """What the answer says of the requester."""
    found = answer["extensions"]["masking"]["fields"]
    assert {(*one["path"][:2], one["rows"]) for one in found} == {("workOrderChanged", "requester", "ALL")}
    return sorted((one["path"][2], one["mask"], one["reason"]) for one in found)


def test_a_row_out_of_reach_leaves_no_byte_in_the_stream(company: Company) -> None:
    """Rita is told of her own orders only; what comes is her event and nothing before it."""
    product = company.product
    mine = {"requesterId": gid(product, company["rita"])}
    with listening(product, TITLES, company["rita"]) as rita, listening(product, TITLES) as admin:
        foreign = order(product, "Not hers", company.gent)
        told = [title(admin)]
        retitle(product, foreign, "Still not hers")
        told.append(title(admin))
        order(product, "Hers", company.gent, **mine)
        told.append(title(admin))
        rita.told()

    assert told == ["Not hers", "Still not hers", "Hers"]
    assert rita.without_beats == READY + frame_of({"data": {"workOrderChanged": {"title": "Hers"}}})


def title(stream: Listener) -> str:
    """The next one that is told; before another change of the same order, as several that were not read yet are one."""
    told: str = stream.told()["data"]["workOrderChanged"]["title"]
    return told


def left(product: Served, token: str) -> tuple[int, int]:
    """The points that are left of this minute, and its seconds."""
    text = graph(product, "{ __typename }", token).headers["ratelimit"]
    points, seconds = text.removeprefix('"gql";r=').split(";t=")
    return int(points), int(seconds)


def test_events_out_of_reach_cost_no_points(company: Company) -> None:
    product = company.product
    rita, spent = gid(product, company["rita"]), -1
    with listening(product, TITLES, company["rita"]) as stream, listening(product, TITLES) as admin:
        while spent < 0:  # Once more where a minute of the clock began meanwhile.
            before = left(product, company["rita"])
            for number in range(5):
                order(product, f"Foreign {number}", company.gent)
                admin.told()
            order(product, "Mine", company.gent, requesterId=rita)
            stream.told()
            admin.told()
            after = left(product, company["rita"])
            spent = before[0] - after[0] if after[1] <= before[1] else -1

    # The one event that was told, and the question for what is left.
    assert spent == 2 + 1


CANARIES = ("quirinus", "+32470112233", "@colleague.example")
EVERYTHING = """subscription { workOrderChanged { id number title description status resolution
  requester { __typename id displayName name email phone jobTitle pseudonym }
  assignee { displayName name email phone } assignees { displayName name email phone }
  createdAt version history(first: 5) { nodes { actor { displayName name email phone } reason } }
  signatures { signerName } viewerAccess(fields: ["description"]) { field read reason } } }"""


@pytest.mark.parametrize("who", ["vera", "partner"])
def test_no_personal_value_that_is_masked_is_in_any_byte_of_the_stream(
    company: Company, urls: Urls, who: str
) -> None:
    product = company.product
    _, secret = add_colleague(urls, product, f"Quirinus{who} Maes", Role.REQUESTER)
    person = gid(product, secret)
    token = register(product, "WORK_ORDERS_READ", "USERS_READ").token() if who == "partner" else company[who]
    with listening(product, EVERYTHING, token) as stream, listening(product, EVERYTHING) as admin:
        given = {"requesterId": person, "assigneeId": person, "description": "quirinus waits at +32470112233"}
        retitle(product, order(product, "Valve", company.gent, **given), "Valves")
        answers, seen = [stream.told()], [admin.told()]
        while answers[-1]["data"]["workOrderChanged"]["title"] != "Valves":
            answers.append(stream.told())
        while seen[-1]["data"]["workOrderChanged"]["title"] != "Valves":
            seen.append(admin.told())

    lower = stream.raw.decode().lower()
    assert [canary for canary in CANARIES if canary in lower] == []
    assert [canary for canary in CANARIES if canary in admin.raw.decode().lower()] == list(CANARIES)
    assert answers[-1]["data"]["workOrderChanged"]["requester"]["phone"] is None


async def _recorded(cluster: Cluster, viewer: UUID, query: str) -> list[bytes]:
    eye = await cluster.main.admin(f"main_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}")
    rows = await eye.fetch(
        "SELECT subjects FROM access_records WHERE viewer_id = $1 AND operation = $2", viewer, sha256(query.encode()).digest()
    )  # fmt: skip
    await eye.close()
    return [row["subjects"] for row in rows]


def test_the_access_is_on_record_when_the_event_has_come(company: Company, cluster: Cluster) -> None:
    product = company.product
    query = "subscription Recorded { workOrderChanged { title requester { name } } }"
    with listening(product, query, company["vera"]) as vera:
        order(product, "Recorded", company.gent, requesterId=gid(product, company["rita"]))
        vera.told()
        recorded = asyncio.run(_recorded(cluster, company.ids["vera"], query))

    assert recorded == [company.ids["rita"].bytes]


def test_a_filter_and_an_id_say_which_rows_are_told(company: Company) -> None:
    product = company.product
    first, other = order(product, "One", company.gent), order(product, "Two", company.liege)
    by_id = "subscription ($id: ID) { workOrderChanged(id: $id) { title } }"
    by_site = (
        "subscription ($site: ID) { workOrderChanged(filter: {siteId: $site, status: [DRAFT]}) { title } }"
    )
    with (
        listening(product, by_id, id=first) as one,
        listening(product, by_site, site=company.liege) as liege,
        listening(product, by_id, id=company.gent) as nothing,
        listening(product, TITLES) as everything,
    ):
        retitle(product, first, "One again")
        found = [title(everything), title(one)]
        retitle(product, other, "Two again")
        found += [title(everything), title(liege)]
        retitle(product, first, "One more")
        found += [title(everything), title(one)]

    assert found == [*["One again"] * 2, *["Two again"] * 2, *["One more"] * 2]
    assert liege.without_beats == READY + frame_of({"data": {"workOrderChanged": {"title": "Two again"}}})
    assert nothing.without_beats == READY


def test_assets_and_places_are_followed_likewise(company: Company) -> None:
    product = company.product
    text = "mutation ($input: CreateAssetInput!) { createAsset(input: $input) { asset { id } userErrors { code } } }"
    with (
        listening(
            product, 'subscription { assetChanged(filter: {namePrefix: "pu"}) { name } }', company["vera"]
        ) as assets,
        listening(product, "subscription { locationChanged { name } }", company["tom"]) as places,
        listening(product, "subscription { locationChanged { name } }", company["rita"]) as seen_by_rita,
    ):
        for name in ("Fan", "Pump"):
            assert changed(product, text, name=name, locationId=company.gent)["userErrors"] == []
        site(product, "Namur")
        told = [assets.told(), places.told(), seen_by_rita.told()]

    assert told == [
        {"data": {"assetChanged": {"name": "Pump"}}},
        {"data": {"locationChanged": {"name": "Namur"}}},
        {"data": {"locationChanged": {"name": "Namur"}}},
    ]


def test_a_class_has_the_subscriptions_that_it_can_use(company: Company) -> None:
    product = company.product
    query = "{ __schema { subscriptionType { fields { name args { name } } } } }"
    partner = register(product, "ASSETS_READ").token()
    shown = {
        name: graph(product, query, token).json()["data"]["__schema"]["subscriptionType"]
        for name, token in (("admin", product.token), ("officer", company["otto"]), ("partner", partner))
    }

    both = [{"name": "id"}, {"name": "filter"}]
    assert shown["officer"] is None
    assert shown["partner"] == {"fields": [{"name": "assetChanged", "args": both}]}
    assert shown["admin"] == {
        "fields": [
            {"name": name, "args": both} for name in ("workOrderChanged", "assetChanged", "locationChanged")
        ]
    }


def test_what_a_subscriber_sees_is_decided_when_it_happens(company: Company) -> None:
    """A restriction between two events masks the second."""
    product = company.product
    rita = gid(product, company["rita"])
    restrict = "mutation ($input: RestrictProcessingInput!) { restrictProcessing(input: $input) { userErrors { code } } }"
    lift = (
        "mutation ($input: LiftRestrictionInput!) { liftRestriction(input: $input) { userErrors { code } } }"
    )
    query = "subscription { workOrderChanged { requester { email } } }"
    with listening(product, query) as admin:
        mine = order(product, "Before", company.gent, requesterId=rita)
        before = admin.told()
        done = changed(product, restrict, subjectId=rita, categories=["CONTACT"], ground="ACCURACY_CONTESTED")
        retitle(product, mine, "After")
        after = admin.told()
    assert changed(product, lift, subjectId=rita, reason="corrected") == {"userErrors": []}

    assert done == {"userErrors": []}
    assert before == {"data": {"workOrderChanged": {"requester": {"email": "rita@colleague.example"}}}}
    assert after["data"] == {"workOrderChanged": {"requester": {"email": None}}}
    assert [(one["coordinate"], one["reason"]) for one in after["extensions"]["masking"]["fields"]] == [
        ("User.email", "PRIVACY")
    ]


def test_the_stream_says_what_it_is_and_beats_while_nothing_happens(company: Company) -> None:
    with listening(company.product, TITLES) as stream:
        frames = [stream.frame() for _ in range(3)]

    assert frames == [b":\n\n"] * 3
    assert (stream.headers["content-type"], stream.headers["cache-control"], stream.headers["x-accel-buffering"]) == (
        "text/event-stream; charset=utf-8", "private, no-store", "no",
    )  # fmt: skip
    assert stream.headers["ratelimit-policy"] == '"gql";q=600000;w=60'


def test_a_query_over_server_sent_events_is_one_answer_and_its_end(company: Company) -> None:
    headers = {
        "Authorization": f"Bearer {company.product.token}",
        "Content-Type": "application/json",
        "Accept": "text/event-stream",
    }

    answer = graph(company.product, "{ __typename }", headers=headers)
    wrong = graph(company.product, "{ nothing }", headers=headers)

    assert (answer.headers["content-type"], answer.content) == (
        "text/event-stream; charset=utf-8",
        b'event: next\ndata: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata:\n\n',
    )
    assert (wrong.status_code, wrong.headers["content-type"]) == (
        400,
        "application/graphql-response+json; charset=utf-8",
    )
    assert wrong.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
