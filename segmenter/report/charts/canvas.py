"""What every chart has in common: the sheet it is drawn on, its style, and the SVG it becomes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from typing import TYPE_CHECKING, Any

from segmenter.features.types import Feature
from segmenter.report import palette
from segmenter.report.language import Voice
from segmenter.runs.types import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

WIDTH = 6.7  # inches, the text width of A4
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": palette.RULE,
    "axes.labelcolor": palette.MUTED,
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": palette.RULE,
    "grid.linewidth": 0.4,
    "text.color": palette.INK,
    "xtick.color": palette.MUTED,
    "ytick.color": palette.MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "svg.fonttype": "none",
    "svg.hashsalt": "segmenter",
    "savefig.dpi": 220,
}
FAMILY = "'Source Sans 3', 'DejaVu Sans', sans-serif"


@dataclass(frozen=True)
class Scene:
    """What a chart function is given: the run, the reader's language and the segments' colours."""

    run: Run
    voice: Voice
    colours: tuple[str, ...]
    markers: tuple[str, ...]

    @cached_property
    def features(self) -> dict[str, Feature]:
        """The features by name."""
        return {feature.name: feature for feature in self.run.manifest.features}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The segments' names in label order."""
        return tuple(card.name for card in self.run.findings.cards)

    def label(self, name: str) -> str:
        """A feature's label in the reader's language."""
        return self.voice(self.features[name].label) if name in self.features else name.replace("_", " ")


def sheet(height: float, columns: int = 1, **kwargs: Any) -> tuple[Sheet, list[Axes]]:
    """An empty figure of the page's width and `height` inches, with `columns` axes side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False, **kwargs)
    return figure, list(axes[0])


def ticks(axis: Any, write: Callable[[float], str]) -> None:
    """Write an axis's ticks by the reader's locale."""
    axis.set_major_formatter(lambda value, _: write(float(value)))


def to_svg(figure: Sheet, name: str) -> str:
    """The drawing as SVG with text as text, its ids made unique on the page by `name`."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'((?:xlink:)?href="|url\()#', rf"\1#{name}-", svg)
    svg = svg.replace("&quot;DejaVu Sans&quot;", FAMILY).replace("'DejaVu Sans'", FAMILY)
    return re.sub(r' width="[\d.]+pt"| height="[\d.]+pt"', "", svg, count=2)
