"""The report's typeface for matplotlib, so that names are measured in the letters they are shown in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segmenter.assets import asset
from segmenter.folders import telling_where_no_space_is, temporary_folder

FAMILY = "Source Sans 3"
FILE = "source-sans-3-latin-400-normal"


@contextmanager
def typeface() -> Iterator[None]:
    """Matplotlib knows `FAMILY` inside, and forgets it afterwards.

    It reads no WOFF2, the form in which the font is shipped; it is unpacked for the while.
    """
    from matplotlib.font_manager import _get_font, fontManager  # type: ignore[attr-defined]

    known = list(fontManager.ttflist)
    with telling_where_no_space_is(), temporary_folder() as folder:
        fontManager.addfont(_unpacked(folder / f"{FILE}.ttf"))
        try:
            yield
        finally:
            fontManager.ttflist[:] = known
            _get_font.cache_clear()  # it keeps files open, of which the unpacked one is another each time


def _unpacked(target: Path) -> Path:
    """The font as a TrueType file under the family's name; the file itself is named after its lightest weight."""
    from fontTools.ttLib import TTFont

    font = TTFont(asset(f"templates/fonts/{FILE}.woff2"))
    font.flavor = None
    for number in (1, 16):
        font["name"].setName(FAMILY, number, 3, 1, 0x409)
    font.save(target)
    return target
