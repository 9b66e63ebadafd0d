"""How long `isomod demo` takes to say `ready`: on an empty folder, and on the folder it left. It refuses a folder that is in use."""

import tempfile
import time
from pathlib import Path

from benchmarks.product import isomod
from benchmarks.servers import process, told_ready


def starts(size: str) -> tuple[float, float]:
    """Seconds of the first start and of the second."""
    with tempfile.TemporaryDirectory(prefix="isomod-start-") as folder:
        Path(folder).chmod(0o755)  # The embedded servers run as a user of their own.
        return _start(folder, size), _start(folder, size)


def _start(folder: str, size: str) -> float:
    command = [isomod(), "demo", "--no-browser", "--port", "0", "--data", f"{folder}/data", "--size", size]
    begun = time.perf_counter()
    with process(command, {}) as started:
        told_ready(started)
        return time.perf_counter() - begun
