"""Draws how costs grow with the number of sessions, as SVG. Needs matplotlib, which `make bench` sets up."""

from pathlib import Path

import matplotlib

from bench.compare.report import MEASURES


def draw(points: list[dict[str, float]], file: Path) -> None:
    """One small plot for each measure, all over the number of sessions, each from zero: what is flat looks flat."""
    # Drawn into a file alone; the same figures give the same file.
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "itermbus", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(8, 5.5), layout="constrained")
    sessions = [point["sessions"] for point in points]
    for axis, (key, (what, unit)) in zip(axes.flat, MEASURES.items(), strict=True):
        axis.plot(sessions, [point[key] for point in points], marker="o", markersize=4, color="#1f6f8b")
        axis.set_title(f"{what}, {unit}")
        axis.set_xlabel("sessions")
        axis.set_xlim(left=0)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
