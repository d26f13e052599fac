"""Every chart of a report, drawn once as SVG and used on screen, on paper and as a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from segmenter.report.bidi import marked
from segmenter.report.charts.style import Look, apart, described, house_style
from segmenter.report.helper import drawn_by_two
from segmenter.report.types import Figure
from segmenter.runs.types import Run


def draw(run: Run, look: Look) -> dict[str, Figure]:
    """The run's charts by id; a chart whose numbers were not measured is left out."""
    _give_matplotlib_a_folder()
    with house_style():
        drawn = drawn_by_two([partial(chart, run, look) for chart in _charts()])
    ordered = marked if look.voice.direction == "rtl" else str
    return {
        figure.id: replace(figure, svg=described(apart(ordered(figure.svg), figure.id), look.voice(figure.alt)))
        for figure in drawn
        if figure is not None
    }


def _charts() -> tuple[Callable[[Run, Look], Figure | None], ...]:
    from segmenter.report.charts import clusters, lifetime, maps, money, movement, segments, views

    return (
        segments.shares,
        segments.snake,
        segments.heat,
        maps.neighbourhoods,
        maps.components,
        clusters.criteria,
        clusters.silhouettes,
        clusters.mixtures,
        views.dendrogram,
        views.k_distances,
        views.crosswalk,
        views.themes,
        movement.moves,
        movement.moved_money,
        movement.bridge,
        lifetime.held_out,
        lifetime.periods,
        money.months,
        money.cohorts,
        money.concentration,
    )


def _give_matplotlib_a_folder() -> None:
    """Where the home folder cannot be written, matplotlib keeps its font list beside other temporary files."""
    if "MPLCONFIGDIR" not in os.environ and not os.access(Path.home(), os.W_OK):
        os.environ["MPLCONFIGDIR"] = tempfile.mkdtemp(prefix="segmenter-matplotlib-")
