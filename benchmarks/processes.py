"""What a process has used: CPU time with its children, and resident memory. Linux only; it refuses to guess elsewhere."""

import os
from pathlib import Path


def cpu_seconds(root: int) -> float:
    """CPU time that a process and its descendants, ended ones included, have used. Raises LookupError for no process."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It ended meanwhile.
        pid = int(path.name)
        parents[pid] = int(fields[1])
        ticks[pid] = sum(map(int, fields[11:15]))
    if root not in ticks:
        raise LookupError(root)
    tree = [root]
    for pid in tree:
        tree += [child for child, parent in parents.items() if parent == pid]
    return sum(ticks[pid] for pid in tree) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> tuple[float, float]:
    """Now, and the most it ever was; of this process without its children."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    sizes = {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}
    return int(sizes["VmRSS"][0]) / 1024, int(sizes["VmHWM"][0]) / 1024
