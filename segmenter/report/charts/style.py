"""How every chart looks: one size, thin rules, muted axes, and SVG with text as text."""

from __future__ import annotations

import re
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from segmenter.report.charts.typeface import FAMILY, typeface
from segmenter.report.language import Voice
from segmenter.report.palette import INK, MUTED, RULE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure as Canvas

WIDTH = 6.85  # inches: the text column of an A4 page
ROW_NAME = 44  # letters of a name on one line beside a row
LINE = 0.135  # inches that a line of such a name takes
FONTS = "'Source Sans 3', 'Source Sans 3 Extended', 'DejaVu Sans', sans-serif"
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a dollar in a name is a dollar
    "svg.hashsalt": "segmenter",
    "font.family": [FAMILY, "DejaVu Sans"],
    "font.size": 8,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "normal",
    "axes.titlelocation": "left",
    "axes.edgecolor": RULE,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 0,
    "lines.linewidth": 1.6,
}


@dataclass(frozen=True)
class Look:
    """What charts share: the reader's formats, and each segment's name, colour and marker by its number."""

    voice: Voice
    names: dict[int, str]
    colours: dict[int, str]
    markers: dict[int, str]

    def in_currency(self, text: str) -> str:
        """An axis title in the reader's language with the currency that it is in."""
        return self.voice(text) + (f" ({self.voice.currency})" if self.voice.currency else "")


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in our style and leave matplotlib's own settings as they were."""
    import matplotlib as mpl

    with typeface(), mpl.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # text stays text: it is drawn with the reader's fonts
        yield


def canvas(height: float, columns: int = 1) -> tuple[Canvas, list[Axes]]:
    """An empty drawing as wide as the text and `height` inches high, with `columns` panels side by side."""
    from matplotlib.figure import Figure as Canvas
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.04, wspace=0.06)
    figure = Canvas(figsize=(WIDTH, height), layout=layout)
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def to_svg(figure: Canvas) -> str:
    """The drawing as an SVG element that scales to its column."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    for ground in (figure.patch, *(axes.patch for axes in figure.axes)):
        ground.set_visible(False)
    stream = StringIO()
    drawing: Any = FigureCanvasSVG(figure)  # draws once, where savefig draws twice
    drawing.print_svg(stream, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"-]+"', "<g", text)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<svg[^>]*>", lambda root: re.sub(r' (?:width|height)="[^"]*"', "", root.group()), text, count=1)
    text = re.sub(r' d="([^"]*)"', _compact, text)
    return _slim(text)


def _slim(svg: str) -> str:
    """The drawing without empty groups and with the fonts named only once, at about half its size."""
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)
    svg = re.sub(r' transform="rotate\(-0 [^)]*\)"', "", svg)
    svg = svg.replace('<g id="grid-cells">', '<g class="cells">')
    emptied = 1
    while emptied:
        svg, emptied = re.subn(r"<g ?/>\s*|<g>\s*</g>\s*", "", svg)
    svg = re.sub(r">\s+<", "><", svg)
    return svg.replace("<svg ", f'<svg font-family="{FONTS}" ', 1)


def with_description(svg: str, alt: str) -> str:
    """The drawing with a title for screen readers."""
    return svg.replace(">", f' role="img"><title>{escape(alt)}</title>', 1)


def with_own_ids(svg: str, name: str) -> str:
    """The drawing with ids of marks and clips that are unique on the page; matplotlib makes them from their content.

    They have no hyphen, as `segmenter.delivery.gate` takes an id with one for a letter.
    """
    return re.sub(r'(id="|href="#|url\(#)([mp][0-9a-f]{10})\b', rf"\1{name.replace('-', '_')}_\2", svg)


def _compact(path: re.Match[str]) -> str:
    """A path with two decimals and no line breaks; a line of zero length, which is drawn as a dot, as ``h0``."""
    numbers = re.sub(
        r"-?\d+\.\d+", lambda number: f"{float(number.group()):.2f}".rstrip("0").rstrip("."), path.group(1)
    )
    dots = re.sub(r"M (\S+ \S+)\s+L \1(?=\s|$)", r"M\1h0", numbers)
    return f' d="{" ".join(dots.split())}"'


def tick_numbers(axis: Axis, write: Callable[[float, int], str]) -> None:
    """Format an axis's ticks by `write` (value, decimals), with as many decimals as the ticks need."""

    def shown(value: float, _: object = None) -> str:
        return write(value, _decimals(axis.get_majorticklocs()))

    axis.set_major_formatter(shown)


def _decimals(ticks: Iterable[float]) -> int:
    """The fewest decimals, at most three, that show every tick exactly."""
    return next((n for n in range(3) if all(abs(round(x, n) - x) < 1e-9 for x in ticks)), 3)


def wrapped(text: str, width: int) -> str:
    """`text` on lines of at most `width` characters; words are not broken."""
    return "\n".join(textwrap.wrap(text, width, break_long_words=False)) or text


def row_names(names: Sequence[str], height: float) -> tuple[list[str], float]:
    """Names beside the rows of a drawing, wrapped where they are long, and a row's height in inches."""
    lines = [wrapped(name, ROW_NAME) for name in names]
    return lines, max(height, 0.04 + LINE * max(name.count("\n") + 1 for name in lines))


def room_beside(names: Sequence[str]) -> float:
    """Inches that a drawing has left beside the names of its rows."""
    lines = (line for name in names for line in name.split("\n"))
    return WIDTH - 0.25 - max(text_width(line, SETTINGS["font.size"]) for line in lines)


def text_width(text: str, size: float) -> float:
    """Inches that a line of text takes at a font size in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    return float(text_to_path.get_text_width_height_descent(text, FontProperties(size=size), ismath=False)[0]) / 72
