"""How requests ended and how long they took, counted where they end. Refuses every word that is not from a list of ours: no document, name or value."""

from bisect import bisect_left
from collections import Counter
from typing import Final

BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
OK: Final = "OK"
PARTIAL: Final = "PARTIAL"
CLIENT_GONE: Final = "CLIENT_GONE"
REFUSED: Final = "refused"
"""The kind of a request that is refused before it is known what it asks for."""


class Tally:
    """Of one process and one endpoint. `ended` is by kind of operation and outcome: OK, PARTIAL, CLIENT_GONE or the code of an error."""

    def __init__(self) -> None:
        """Nothing has ended yet."""
        self.ended: Counter[tuple[str, str]] = Counter()
        self.durations = [0] * (len(BOUNDS_S) + 1)
        """How many took at most so long; the last is for all that took longer."""
        self.seconds = 0.0

    def end(self, kind: str, outcome: str, seconds: float) -> None:
        """Counts one request."""
        self.ended[kind, outcome] += 1
        self.durations[bisect_left(BOUNDS_S, seconds)] += 1
        self.seconds += seconds
