"""`python -m benchmarks`: measures the product on this machine and writes results.md. It refuses to compare numbers of two runs."""

import argparse
import asyncio
import sys
from pathlib import Path

from sqlalchemy import text

from benchmarks.comparing import compare
from benchmarks.inside import server_time
from benchmarks.planning import planning
from benchmarks.results import Measured, page
from benchmarks.serving import Serving, serve_and_ask
from benchmarks.stand import Stand, open_stand
from benchmarks.starting import starts
from benchmarks.workloads import WORKLOADS, variables_of
from isomod_graphql.core.heap import settle
from permissions.principals import Role
from schema.execution import Execution
from schema.root import build_schema

HERE = Path(__file__).parent
ROLES = (Role.ADMIN, Role.VIEWER)
"""Who reads everything, and who sees names masked and addresses not at all; both reach every row."""


def say(words: str) -> None:
    """To whoever waits."""
    print(words, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--seconds", type=float, default=2.0, help="of one measurement over HTTP")
    parser.add_argument(
        "--data", type=Path, default=HERE / "results" / "data", help="where the databases are kept"
    )
    parser.add_argument("--output", type=Path, default=HERE / "results.md")
    parser.add_argument("--without-starts", action="store_true", help="does not start the demo twice")
    parser.add_argument("--without-http", action="store_true", help="does not start the API as a process")
    return parser.parse_args()


async def run(options: argparse.Namespace) -> Measured:
    """Everything that needs the databases, and the starts of the demo before them, while the machine is quiet."""
    started = None
    if not options.without_starts:
        say("starting the demo twice")
        started = starts("small")
    say("opening the databases")
    async with open_stand(options.data) as stand:
        _, core, catalogue = build_schema()
        execution = Execution(core, catalogue, stand.installation.store, stand.installation.clock)
        settle()  # As the API does when it is ready.
        steps = await planning(stand, execution, ROLES[0])
        viewer_ms = await server_time(stand, ROLES[0], "viewer")
        compared = await compare(stand, execution, ROLES, options.rounds, say)
        served = None if options.without_http else await _serve(stand, execution, options.seconds)
        return Measured(await _postgres(stand), steps, compared, options.rounds, served, started, viewer_ms)


async def _serve(stand: Stand, execution: Execution, seconds: float) -> Serving:
    say("asking the API over HTTP")
    principal = await stand.principal(ROLES[0])
    variables = {name: await variables_of(name, execution, principal) for name in WORKLOADS}
    return await asyncio.to_thread(serve_and_ask, stand, stand.tokens[ROLES[0]], variables, seconds)


async def _postgres(stand: Stand) -> str:
    async with stand.installation.store.transaction(stand.tenant_id) as tx:
        return str(await tx.value(text("SHOW server_version")))


def main() -> None:
    """Measures, writes, prints."""
    options = arguments()
    written = page(asyncio.run(run(options)))
    options.output.write_text(written, encoding="utf-8")
    print(written)


if __name__ == "__main__":
    main()
