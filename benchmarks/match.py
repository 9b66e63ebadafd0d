"""Who meets whom over which data: the order of a run. It refuses to time a server that was not checked over that data."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.agreement import Truth, agree
from benchmarks.contest import Effort, Entry, Outcome, Say, contest
from benchmarks.disk import sync_p99_ms
from benchmarks.documents import POSTGRAPHILE, PRODUCT
from benchmarks.flood import Flooded, flood
from benchmarks.growth import Point, grow, grow_depth, grow_processes, grow_rows
from benchmarks.peer_database import PeerDatabase
from benchmarks.peering import PEERS, peer
from benchmarks.processes import resident_megabytes
from benchmarks.product import AS_SHIPPED, AS_VIEWER, NOT_COMPILED, NULL_SINK, product
from benchmarks.serving import Serving, serve_alone
from benchmarks.stand import Stand
from benchmarks.workloads import WORKLOADS
from permissions.principals import Role

SOME_PAGES = 20


@dataclass(slots=True)
class Plan:
    """How much is done. `pages` are compared before anything is timed, None being all; without a folder there is no PostGraphile."""

    main: Effort
    growth: Effort
    pages: int | None
    documents: int
    times: int
    postgraphile: Path | None = None

    @classmethod
    def of(cls, *, quick: bool, rounds: int | None, seconds: int | None) -> "Plan":
        """A quick run says whether everything works; its numbers are rough."""
        if quick:
            return cls(Effort(rounds or 1, seconds or 1, 1), Effort(1, 1, 1), SOME_PAGES, 500, 1)
        return cls(Effort(rounds or 5, seconds or 3, 2), Effort(3, 1, 1), None, 10_000, 10)

    @property
    def peers(self) -> Sequence[str]:
        """Those that can be started here."""
        return [name for name in PEERS if name != POSTGRAPHILE or self.postgraphile is not None]


@dataclass(frozen=True, slots=True)
class Match:
    """What was found over the data as it is."""

    contests: Mapping[str, Sequence[Outcome]]
    growth: Sequence[Point]
    serving: Serving
    flooded: Flooded
    disk: Mapping[str, float]


def main_match(stand: Stand, database: PeerDatabase, plan: Plan, say: Say) -> Match:
    """Everything but the grown data. Raises WrongAnswer."""
    with ExitStack() as stack:
        peers, truth = _peers(stack, database, plan, plan.pages, say)
        shipped = stack.enter_context(product(stand, Role.ADMIN))
        ready_mb, _ = resident_megabytes(shipped.processes[0].pid)
        say(f"comparing the rows of {AS_SHIPPED}")
        mine = Entry(shipped, agree(shipped, truth, plan.pages))
        with ExitStack() as variants:
            entries = [*peers, mine, *_variants(variants, stand, truth)]
            contests, disk = {}, {}
            for name in WORKLOADS:
                contests[name] = contest(entries, name, plan.main, say)
                disk[name] = sync_p99_ms(stand.folder)
        growth = grow_rows([*peers, mine], plan.growth, say)
        growth += grow_depth([*peers, mine], plan.growth, say)
        growth += [Point("data", *rest) for rest in _as_points(contests, [*plan.peers, PRODUCT])]
        say("one client")
        serving = serve_alone(shipped, mine.asked, ready_mb, plan.main.seconds)
        few = [one for one in [*peers, mine] if one.server.name in {POSTGRAPHILE, PRODUCT}]
        growth += grow("processes", 1, few, plan.growth, say)
        growth += grow_processes(1, mine, plan.growth, say)
    growth += _processes(stand, database, plan, few, say)
    say(f"{plan.documents} distinct documents")
    return Match(contests, growth, serving, flood(stand, Role.ADMIN, plan.documents), disk)


def grown_match(stand: Stand, database: PeerDatabase, plan: Plan, say: Say) -> list[Point]:
    """The three workloads over more data. Raises WrongAnswer."""
    with ExitStack() as stack:
        entries, truth = _peers(stack, database, plan, SOME_PAGES, say)
        shipped = stack.enter_context(product(stand, Role.ADMIN))
        entries.append(Entry(shipped, agree(shipped, truth, SOME_PAGES)))
        return grow("data", plan.times, entries, plan.growth, say)


def _peers(
    stack: ExitStack, database: PeerDatabase, plan: Plan, pages: int | None, say: Say
) -> tuple[list[Entry], Truth]:
    """The peers, each with what to ask it; the first one says what is true."""
    folder = plan.postgraphile or Path()
    servers = [stack.enter_context(peer(name, folder, database)) for name in plan.peers]
    truth = Truth(servers[0])
    entries = []
    for server in servers:
        say(f"comparing the rows of {server.name}")
        entries.append(Entry(server, agree(server, truth, pages)))
    return entries, truth


def _variants(stack: ExitStack, stand: Stand, truth: Truth) -> list[Entry]:
    """The product as others see it, and as it would be without one of its parts."""
    masked = stack.enter_context(product(stand, Role.VIEWER, AS_VIEWER))
    entries = [Entry(masked, agree(masked, None, SOME_PAGES))]
    for name in (NULL_SINK, NOT_COMPILED):
        server = stack.enter_context(product(stand, Role.ADMIN, name))
        entries.append(Entry(server, agree(server, truth, SOME_PAGES)))
    return entries


def _processes(
    stand: Stand, database: PeerDatabase, plan: Plan, alone: Sequence[Entry], say: Say
) -> list[Point]:
    """Two processes of each, asked what one was asked."""
    asked = {entry.server.name: entry.asked for entry in alone}
    with ExitStack() as stack:
        servers = [stack.enter_context(product(stand, Role.ADMIN, count=2))]
        if plan.postgraphile is not None:
            servers.insert(0, stack.enter_context(peer(POSTGRAPHILE, plan.postgraphile, database, count=2)))
        entries = [Entry(server, asked[server.name]) for server in servers]
        mine = entries[-1]
        return [*grow("processes", 2, entries, plan.growth, say), *grow_processes(2, mine, plan.growth, say)]


def _as_points(
    contests: Mapping[str, Sequence[Outcome]], names: Sequence[str]
) -> list[tuple[str, int, Outcome]]:
    return [
        (workload, 1, outcome)
        for workload, outcomes in contests.items()
        for outcome in outcomes
        if outcome.name in names
    ]
