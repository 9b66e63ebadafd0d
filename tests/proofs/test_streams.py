"""Streams of every caller: what a subscriber may not see is in none of their bytes, and makes no difference to them."""

from typing import Final

import pytest
from graphql import GraphQLSchema

from isomod_graphql.core.events import News
from tests.engine.asking import Caller
from tests.engine.callers import PARTS
from tests.engine.known import FIELDS
from tests.proofs.following import ABOUT, follow, has, news_of, subscription
from tests.proofs.listening import everything_logged
from tests.proofs.sieve import Sieve
from tests.proofs.twins import Twins
from tests.proofs.watching import Watch, may_see, told

SOME: Final = list(PARTS)[::5]


def everything_changed(twins: Twins, name: str) -> list[News]:
    """Every row of either organisation."""
    model = FIELDS[ABOUT[name][0]][0]
    rows = (
        (realm.tenant, row)
        for realm, keys in zip(twins.grounds.realms, twins.keys, strict=True)
        for of, row in keys
        if of is model
    )
    return news_of(name, rows)


def schema_of(twins: Twins, who: Caller) -> GraphQLSchema:
    """That of the caller's class."""
    return twins.first.house.parts.execution.fitting(who.principal).schema


async def streamed(twins: Twins, name: str) -> Watch:
    """All that this caller is told when everything changes: whoever has a subscription, and looks as nobody else, is."""
    watch = await Watch.over(twins, name)
    schema = schema_of(twins, watch.who)
    with everything_logged() as log:
        for kind in ABOUT:
            sent = subscription(kind, schema)
            got = await follow(twins.first.house, watch.who, sent, everything_changed(twins, kind))
            await watch.judge(sent, got)
            assert (got.status == 200) is (has(schema, kind) and watch.who.principal.viewed_by is None)
    watch.read_log(log.getvalue())
    await watch.read_records()
    return watch


async def compared(twins: Twins, name: str) -> list[tuple[str, object, object]]:
    """Where the streams of the two installations differ, in bytes or in statements."""
    who = twins.caller(name)
    await twins.as_seen_by(who, name)
    wrong: list[tuple[str, object, object]] = []
    for kind in ABOUT:
        sent, news = subscription(kind, schema_of(twins, who)), everything_changed(twins, kind)
        one, other = [await follow(twin.house, who, sent, news) for twin in (twins.first, twins.second)]
        wrong += [(kind, one, other)] if one != other else []
    return wrong


@pytest.mark.parametrize("name", SOME)
async def test_no_text_comes_out_of_a_stream_that_its_subscriber_may_not_see(twins: Twins, name: str) -> None:
    assert told((await streamed(twins, name)).leaks) == []


@pytest.mark.proof
@pytest.mark.parametrize("name", [name for name in PARTS if name not in SOME])
async def test_none_comes_out_of_anybodys_stream(twins: Twins, name: str) -> None:
    assert told((await streamed(twins, name)).leaks) == []


@pytest.mark.parametrize("name", SOME[1::2])
async def test_what_a_subscriber_may_not_see_makes_no_difference_to_its_stream(
    twins: Twins, name: str
) -> None:
    assert await compared(twins, name) == []


@pytest.mark.proof
@pytest.mark.parametrize("name", [name for name in PARTS if name not in SOME[1::2]])
async def test_it_makes_none_to_anybodys_stream(twins: Twins, name: str) -> None:
    assert await compared(twins, name) == []


async def test_a_stream_tells_what_its_subscriber_may_see(twins: Twins) -> None:
    """Else the proofs above would hold for streams that tell nothing."""
    watch = await Watch.over(twins, "admin")
    house, realm, oracle = twins.first.house, twins.realm("admin"), twins.oracles[twins.at("admin")]
    schema = schema_of(twins, watch.who)
    got = [
        await follow(house, watch.who, subscription(kind, schema), everything_changed(twins, kind))
        for kind in ABOUT
    ]

    came = Sieve([one.text for one in realm.canaries]).found(b"".join(one.body for one in got))

    assert [one.status for one in got] == [200, 200, 200]
    assert came <= {one.text for one in realm.canaries if await may_see(oracle, watch.who, one)}
    assert len(came) > 30
    assert min(one.statements for one in got) > 2
