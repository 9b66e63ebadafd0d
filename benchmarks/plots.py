"""The curves as pictures. It refuses to write the same numbers as two different files."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from benchmarks.contest import Outcome
from benchmarks.growth import Point
from benchmarks.measured import Measured

COLOURS: Final = {
    "sql_limit": "#777777",
    "postgraphile": "#d95f02",
    "vanilla_strawberry": "#1b9e77",
    "product": "#3b4cc0",
    "product, masked": "#7b88d8",
    "product, null sink": "#b5bdea",
    "product, not compiled": "#d9d9d9",
}
AXES: Final = {
    "rows": "rows of a page",
    "depth": "links followed",
    "data": "times the data",
    "processes": "processes",
}


def draw(measured: Measured, folder: Path) -> list[Path]:
    """One picture of the workloads and one of each curve."""
    folder.mkdir(exist_ok=True)
    drawn = [_save(_bars(measured.contests), folder / "workloads.svg")]
    for curve in dict.fromkeys(point.curve for point in measured.growth):
        points = [point for point in measured.growth if point.curve == curve]
        drawn.append(_save(_lines(points, AXES[curve]), folder / f"{curve}.svg"))
    return drawn


def _save(figure: Figure, path: Path) -> Path:
    """Without date and chance, so that equal numbers make equal files."""
    with mpl.rc_context({"svg.hashsalt": "isomod", "svg.fonttype": "none"}):
        figure.savefig(path, format="svg", metadata={"Date": None})
    path.write_text("\n".join(line.rstrip() for line in path.read_text().splitlines()) + "\n")
    return path


def _bars(contests: Mapping[str, Sequence[Outcome]]) -> Figure:
    figure = Figure(figsize=(3.2 * len(contests), 3.2), layout="constrained")
    for place, (workload, outcomes) in enumerate(contests.items(), 1):
        axes = figure.add_subplot(1, len(contests), place)
        names = [outcome.name for outcome in reversed(outcomes)]
        values = [outcome.typical.rps for outcome in reversed(outcomes)]
        bars = axes.barh(names, values, color=[COLOURS[name] for name in names])
        axes.bar_label(bars, fmt="%.0f", padding=2, fontsize=8)
        axes.margins(x=0.2)
        axes.set_title(f"{workload}, requests/s", fontsize=9)
        axes.tick_params(labelsize=8, labelleft=place == 1)
        _plain(axes)
    return figure


def _lines(points: Sequence[Point], label: str) -> Figure:
    workloads = list(dict.fromkeys(point.workload for point in points))
    figure = Figure(figsize=(max(4.8, 3.4 * len(workloads)), 3.2), layout="constrained")
    for place, workload in enumerate(workloads, 1):
        axes = figure.add_subplot(1, len(workloads), place)
        for name in dict.fromkeys(point.outcome.name for point in points):
            found = sorted(
                (point.x, point.outcome.typical.rps)
                for point in points
                if (point.workload, point.outcome.name) == (workload, name)
            )
            axes.plot(
                [x for x, _ in found], [y for _, y in found], marker="o", label=name, color=COLOURS[name]
            )
        axes.set_xticks(sorted({point.x for point in points}))
        axes.set_yscale("log")
        axes.set_ylim(*decades([point.outcome.typical.rps for point in points if point.workload == workload]))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_title(f"{workload}, requests/s", fontsize=9)
        axes.set_xlabel(label, fontsize=8)
        axes.tick_params(labelsize=8)
        _plain(axes)
        if place == 1:
            axes.legend(fontsize=7, frameon=False)
    return figure


def decades(values: Sequence[float]) -> tuple[float, float]:
    """The powers of ten around all values, so that the axis has a number at both ends."""
    least, most = (math.log10(value) for value in (min(values), max(values)))
    return 10 ** math.floor(least), 10 ** max(math.ceil(most), math.floor(least) + 1)


def _plain(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
