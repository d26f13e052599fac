"""How every chart looks: one size, thin rules, muted axes, and SVG with text as text."""

from __future__ import annotations

import re
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from segmenter.report.language import Voice
from segmenter.report.palette import INK, MUTED, ON_DARK, ON_LIGHT, RULE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

WIDTH = 6.85  # inches: the text column of an A4 page
FONTS = "'Source Sans 3', 'Source Sans 3 Extended', 'DejaVu Sans', sans-serif"
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a dollar in a name is a dollar
    "svg.hashsalt": "segmenter",
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
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

    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # text stays text: the reader's fonts are asked, not ours
        yield


def canvas(height: float, columns: int = 1, width: float = WIDTH) -> tuple[Canvas, list[Axes]]:
    """An empty drawing of `width` x `height` inches with `columns` panels side by side."""
    from matplotlib.figure import Figure as Canvas
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.04, wspace=0.06)
    figure = Canvas(figsize=(width, height), layout=layout)
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
    text = re.sub(r'<g id="[A-Za-z_]+_?\d*">', "<g>", text)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r' d="([^"]*)"', _compact, text)
    return text.replace("'DejaVu Sans'", FONTS)


def described(svg: str, alt: str) -> str:
    """The drawing with its description inside, for those who cannot see it."""
    return svg.replace(">", f' role="img"><title>{escape(alt)}</title>', 1)


def _compact(path: re.Match[str]) -> str:
    """A path with two decimals and no line breaks; a line of no length, which is a dot, as ``h0``."""
    numbers = re.sub(
        r"-?\d+\.\d+", lambda number: f"{float(number.group()):.2f}".rstrip("0").rstrip("."), path.group(1)
    )
    dots = re.sub(r"M (\S+ \S+)\s+L \1(?=\s|$)", r"M\1h0", numbers)
    return f' d="{" ".join(dots.split())}"'


def wrapped(text: str, width: int = 16) -> str:
    """`text` on as many lines as `width` characters ask for; words stay whole."""
    return "\n".join(textwrap.wrap(text, width, break_long_words=False)) or text


def readable_on(colour: str) -> str:
    """Dark or light letters, whichever can be read on `colour` (WCAG 2 relative luminance)."""
    from matplotlib.colors import to_rgb

    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return ON_LIGHT if luminance > 0.28 else ON_DARK
