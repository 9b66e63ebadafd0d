"""What the disk takes by itself: 8 kB written and synced, over and over. It refuses to be quicker than a commit: every write waits for the disk."""

import os
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import Final

PAGE: Final = bytes(8192)
TIMES: Final = 500


def sync_p99_ms(folder: Path) -> float:
    """Of one sync in this folder, where the databases are kept too."""
    taken = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(TIMES):
            start = time.perf_counter()
            os.pwrite(file.fileno(), PAGE, 0)
            os.fsync(file.fileno())
            taken.append(1000 * (time.perf_counter() - start))
    return quantiles(taken, n=100)[-1]
