"""`python -m benchmarks`: measures the product beside its peers and writes results.md, results.json and plots. It refuses to compare numbers of two runs."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from benchmarks.inside import server_time
from benchmarks.launching import NullSink
from benchmarks.match import Plan, grown_match, main_match
from benchmarks.measured import Measured, Setting, as_json, machine, versions
from benchmarks.peer_database import peer_database
from benchmarks.peering import install_postgraphile
from benchmarks.planning import planning
from benchmarks.plots import draw
from benchmarks.pressure import generator
from benchmarks.results import page
from benchmarks.stand import Stand, open_stand
from benchmarks.starting import starts
from isomod_graphql.core.heap import settle
from permissions.principals import Role
from schema.execution import Execution
from schema.root import build_schema

HERE = Path(__file__).parent


def say(words: str) -> None:
    """To whoever waits."""
    print(f"{datetime.now(UTC):%H:%M:%S} {words}", file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run: fewer rounds, no tenfold data")
    parser.add_argument("--rounds", type=int, help="of the three workloads")
    parser.add_argument("--seconds", type=int, help="of one measurement")
    parser.add_argument("--data", type=Path, default=HERE / "results", help="where the databases are kept")
    parser.add_argument("--output", type=Path, default=HERE, help="the folder of the results")
    return parser.parse_args()


async def inside(stand: Stand) -> tuple[dict[str, float], float]:
    """What is measured in this process: the steps before the first statement, and the smallest request."""
    _, core, catalogue = build_schema()
    execution = Execution(core, catalogue, stand.installation.store, stand.installation.clock, NullSink())
    settle()  # As the API does when it is ready.
    steps = await planning(stand, execution, Role.ADMIN)
    return steps, await server_time(stand, Role.ADMIN, "viewer")


async def run(options: argparse.Namespace) -> AsyncIterator[Measured]:
    """The starts come first, while the machine is quiet; then everything over the data, then with it over ten times the data."""
    plan = Plan.of(quick=options.quick, rounds=options.rounds, seconds=options.seconds)
    started = None
    if not options.quick:
        say("starting the demo twice")
        started = await asyncio.to_thread(starts, "small")
    node = options.data.resolve() / "postgraphile"
    plan.postgraphile = node if install_postgraphile(node, say) else None
    say("opening the databases")
    async with open_stand(options.data / "data") as stand, peer_database(options.data) as database:
        steps, viewer_ms = await inside(stand)
        told = versions(await _postgres(stand), node / "node_modules")
        found = await asyncio.to_thread(main_match, stand, database, plan, say)
    setting = Setting(
        f"{datetime.now(UTC):%Y-%m-%d}", machine(), told, generator(), plan.main.rounds, plan.main.seconds
    )
    measured = Measured(
        setting,
        found.contests,
        found.growth,
        found.serving,
        found.flooded,
        steps,
        viewer_ms,
        started,
        found.disk,
    )
    yield measured
    if plan.times > 1:
        say(f"opening {plan.times} times the data, which takes minutes the first time")
        kept = options.data / f"data-{plan.times}"
        async with open_stand(kept, plan.times) as stand, peer_database(options.data, plan.times) as database:
            grown = await asyncio.to_thread(grown_match, stand, database, plan, say)
        yield replace(measured, growth=[*found.growth, *grown])


async def _postgres(stand: Stand) -> str:
    async with stand.installation.store.transaction(stand.tenant_id) as tx:
        return str(await tx.value(text("SHOW server_version")))


def write(measured: Measured, folder: Path) -> str:
    """The page, which is also printed in the end; the numbers and the plots beside it."""
    written = page(measured)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.md").write_text(written, encoding="utf-8")
    (folder / "results.json").write_text(as_json(measured), encoding="utf-8")
    draw(measured, folder / "plots")
    return written


async def measure(options: argparse.Namespace) -> str:
    """Writes what there is before it goes on, so that a failure late in the run costs nothing that was measured."""
    written = ""
    async for measured in run(options):
        written = write(measured, options.output)
    return written


def main() -> None:
    """Measures, writes, prints."""
    print(asyncio.run(measure(arguments())))


if __name__ == "__main__":
    main()
