"""Every chart of a report, drawn once as SVG and used on screen, on paper and as a file."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

from segmenter.report.bidi import with_direction_marks
from segmenter.report.charts.style import Look, house_style, with_description, with_own_ids
from segmenter.report.fork import drawn_by_two
from segmenter.report.types import Figure
from segmenter.runs.types import Run


def draw(run: Run, look: Look, wanted: Collection[str] | None = None) -> dict[str, Figure]:
    """The run's charts by id, all or those `wanted`; a chart whose numbers were not measured is left out."""
    charts = _charts()
    drawers = [chart for name, chart in charts.items() if wanted is None or name in wanted]
    if not drawers:
        return {}
    with house_style():
        drawn = drawn_by_two([partial(chart, run, look) for chart in drawers])
    return {figure.id: _finished(figure, look) for figure in drawn if figure is not None}


def _finished(figure: Figure, look: Look) -> Figure:
    """The chart as a page takes it: in the reader's language and direction, with ids of its own and its description inside."""
    title, reading, alt = map(look.voice, (figure.title, figure.reading, figure.alt))
    svg = with_direction_marks(figure.svg) if look.voice.direction == "rtl" else figure.svg
    svg = with_description(with_own_ids(svg, figure.id), alt)
    return replace(figure, svg=svg, title=title, reading=reading, alt=alt)


def _charts() -> dict[str, Callable[[Run, Look], Figure | None]]:
    from segmenter.report.charts import clusters, lifetime, maps, money, movement, segments, views

    return {
        "shares": segments.shares,
        "profile": segments.snake,
        "heat": segments.heat,
        "map-tsne": maps.neighbourhoods,
        "map-pca": maps.components,
        "k-criteria": clusters.criteria,
        "silhouette": clusters.silhouettes,
        "mixture": clusters.mixtures,
        "dendrogram": views.dendrogram,
        "k-distance": views.k_distances,
        "rfm": views.crosswalk,
        "themes": views.themes,
        "moves": movement.moves,
        "moves-money": movement.moved_money,
        "bridge": movement.bridge,
        "held-out": lifetime.held_out,
        "held-out-periods": lifetime.periods,
        "months": money.months,
        "cohorts": money.cohorts,
        "concentration": money.concentration,
    }
