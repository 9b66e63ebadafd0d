"""Raw records end after 90 days and days after 7 years, whole months at once; nothing ends early, whatever date the caller says."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import make_url, text

from isomod_graphql.audit import folds
from isomod_graphql.audit.access import AccessLog
from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from tests.audit.accesses import IDENTITY, access
from tests.people import add_organisation

LAST_JANUARY = datetime(2020, 1, 31, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Own:
    """A database of this test's own, with months of long ago."""

    store: Store
    log: AccessLog
    eye: asyncpg.Connection
    tenant: UUID

    async def saw(self, at: datetime) -> None:
        """Somebody saw a name at that instant."""
        await self.log.record(access(self.tenant, uuid4(), at, {IDENTITY: [uuid4()]}))

    async def records(self) -> list[datetime]:
        """The instants of the raw records."""
        rows = await self.eye.fetch("SELECT at FROM access_records ORDER BY 1")
        return [row[0] for row in rows]

    async def days(self) -> list[date]:
        """The days."""
        return [row[0] for row in await self.eye.fetch("SELECT day FROM access_days ORDER BY 1")]

    async def months(self) -> list[str]:
        """The months of long ago that there are."""
        rows = await self.eye.fetch(
            "SELECT relname FROM pg_class WHERE relname ~ '^access_[a-z]+_20(1[0-9]|2[0-5])_..$' AND relkind = 'r' ORDER BY 1"
        )
        return [row[0] for row in rows]


@pytest.fixture
async def own(own_urls: Urls, clock: SettableClock) -> AsyncIterator[Own]:
    """Closed when the test ends."""
    store = open_store(Settings(pool_size=2), own_urls, clock)
    log = AccessLog(make_url(own_urls.main))
    owner = await asyncpg.connect(own_urls.main_owner.replace("+asyncpg", ""))
    for table in ("access_records", "access_days"):
        await owner.execute(f"CREATE POLICY eye ON {table} TO CURRENT_USER USING (true)")
    tenant = uuid4()
    await store.keystore.create_tenant(tenant)
    await add_organisation(store, tenant)
    await owner.execute("SELECT ensure_month_partitions('2020-01-01', 2)")
    yield Own(store, log, owner, tenant)
    await owner.close()
    await log.close()
    await store.close()


async def test_records_end_after_90_days_to_the_second(own: Own, clock: SettableClock) -> None:
    clock.instant = LAST_JANUARY + timedelta(days=90)
    at = (
        *(LAST_JANUARY - timedelta(days=40), LAST_JANUARY - timedelta(seconds=1)),
        *(LAST_JANUARY, LAST_JANUARY + timedelta(days=5)),
    )
    for one in at:
        await own.saw(one)
    await folds.fold_access(own.store, clock.now())

    await folds.end_access(own.store, clock.now())

    assert await own.records() == [LAST_JANUARY, LAST_JANUARY + timedelta(days=5)]
    assert len(await own.days()) == 4
    assert [name for name in await own.months() if "records" in name] == [
        "access_records_2020_01",
        "access_records_2020_02",
    ]


async def test_a_month_that_is_over_is_dropped_as_a_whole(own: Own, clock: SettableClock) -> None:
    clock.instant = datetime(2020, 5, 1, tzinfo=UTC)
    await own.saw(LAST_JANUARY)
    await own.saw(datetime(2020, 2, 2, tzinfo=UTC))
    await folds.fold_access(own.store, clock.now())

    await folds.end_access(own.store, clock.now())

    assert await own.months() == [
        *("access_days_2020_01", "access_days_2020_02"),
        "access_records_2020_02",
    ]
    assert await own.records() == [datetime(2020, 2, 2, tzinfo=UTC)]
    assert await own.days() == [date(2020, 1, 31), date(2020, 2, 2)]


async def test_what_was_not_counted_does_not_end(own: Own, clock: SettableClock) -> None:
    clock.instant = datetime(2020, 5, 1, tzinfo=UTC)
    await own.saw(LAST_JANUARY)

    await folds.end_access(own.store, clock.now())

    assert await own.records() == [LAST_JANUARY]
    assert "access_records_2020_01" in await own.months()


async def test_days_end_after_seven_years(own: Own, clock: SettableClock) -> None:
    await own.eye.execute("SELECT ensure_month_partitions('2018-12-01', 2)")
    days = [date(2018, 12, 31), date(2019, 1, 1), date(2019, 1, 2)]
    await own.eye.execute("CREATE POLICY put ON access_days FOR INSERT TO CURRENT_USER WITH CHECK (true)")
    await own.eye.executemany(
        "INSERT INTO access_days VALUES ($1, gen_random_uuid(), $2, gen_random_uuid(), 'PERSON', 'SERVICE', 1, 1)",
        [(own.tenant, day) for day in days],
    )
    clock.instant = datetime(2026, 1, 2, 11, tzinfo=UTC)

    await folds.end_access(own.store, clock.now())

    assert await own.days() == days[2:]
    assert next(name for name in await own.months() if "days_20" in name) == "access_days_2019_01"


async def test_the_app_role_ends_nothing_early_whatever_it_says(own: Own) -> None:
    lately = datetime.now(UTC) - timedelta(days=80)
    await own.eye.execute("SELECT ensure_month_partitions($1, 3)", (lately - timedelta(days=31)).date())
    await own.saw(lately)
    async with own.store.main.begin(own.tenant, write=True) as connection:
        deleted = await connection.run(text("DELETE FROM access_records"))
    before = await own.eye.fetchval(
        "SELECT count(*) FROM pg_inherits WHERE inhparent = 'access_records'::regclass"
    )

    async with own.store.main.begin(PLATFORM_TENANT, write=True) as connection:
        await connection.value(text("SELECT drop_access_months('9999-01-01', '9999-01-01')"))

    after = await own.eye.fetchval(
        "SELECT count(*) FROM pg_inherits WHERE inhparent = 'access_records'::regclass"
    )
    assert deleted == 0
    assert before - after == 2  # January and February of 2020
    assert await own.records() == [lately]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 2), date(2019, 11, 2)),
        (date(2028, 2, 29), date(2021, 3, 1)),
        (date(2027, 3, 1), date(2020, 3, 1)),
    ],
)
def test_seven_years_before_a_day(day: date, expected: date) -> None:
    assert folds._years_before(day, 7) == expected
