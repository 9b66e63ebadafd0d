"""Servers measured side by side: each round measures every server once, so that a disturbance does not hit one alone. It refuses to compare rounds of two runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.agreement import Asked
from benchmarks.pressure import Sample, measure, medians
from benchmarks.servers import Server

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long is measured: rounds, the seconds of one measurement, and the seconds before the first."""

    rounds: int
    seconds: float
    warm: float


@dataclass(frozen=True, slots=True)
class Entry:
    """A server and what it is asked."""

    server: Server
    asked: Mapping[str, Asked]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The rounds of one server for one workload."""

    name: str
    rounds: Sequence[Sample]

    @property
    def typical(self) -> Sample:
        """The median of every column."""
        return medians(self.rounds)

    def times(self, other: "Outcome", of: Callable[[Sample], float]) -> float:
        """This one's value divided by the other's: the median of the ratios of each round."""
        return median(of(mine) / of(its) for mine, its in zip(self.rounds, other.rounds, strict=True))


def contest(entries: Sequence[Entry], workload: str, effort: Effort, say: Say) -> list[Outcome]:
    """Every server's rounds. Raises WrongAnswer."""
    say(f"{workload}: {effort.rounds} rounds of {len(entries)} servers")
    for entry in entries:
        measure(entry.server, entry.asked[workload], effort.warm)
    taken: dict[str, list[Sample]] = {entry.server.name: [] for entry in entries}
    for number in range(effort.rounds):
        # Who goes first changes, so that nobody always follows the same neighbour.
        turn = number % len(entries)
        for entry in (*entries[turn:], *entries[:turn]):
            taken[entry.server.name].append(measure(entry.server, entry.asked[workload], effort.seconds))
    return [Outcome(name, samples) for name, samples in taken.items()]
