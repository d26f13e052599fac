"""The charts, a file per subject; each function takes the scene and gives a figure, None where there is no data."""

from __future__ import annotations

from segmenter.report.charts import choice, maps, money, oddness, profile, structure
from segmenter.report.charts.canvas import STYLE, Scene
from segmenter.report.types import Figure

CHARTS = (
    profile.snake,
    profile.heat,
    maps.tsne,
    maps.pca,
    money.concentration,
    money.months,
    money.cohorts,
    structure.themes,
    oddness.k_distance,
    choice.elbow,
    choice.criteria,
    choice.silhouette,
    structure.dendrogram,
    structure.mixture,
)


def draw(scene: Scene) -> dict[str, Figure]:
    """Every chart that the run has data for, by id."""
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        figures = [chart(scene) for chart in CHARTS]
    return {figure.id: figure for figure in figures if figure is not None}
