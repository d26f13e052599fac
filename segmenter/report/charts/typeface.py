"""The report's typeface for matplotlib, so that names are measured in the font they are shown in."""

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
    """Register `FAMILY` with matplotlib within the block.

    The font is shipped as WOFF2, which matplotlib does not read: it is unpacked into a temporary folder.
    """
    from matplotlib.font_manager import _get_font, fontManager  # type: ignore[attr-defined]

    known = list(fontManager.ttflist)
    with telling_where_no_space_is(), temporary_folder() as folder:
        fontManager.addfont(_unpacked(folder / f"{FILE}.ttf"))
        try:
            yield
        finally:
            fontManager.ttflist[:] = known
            _get_font.cache_clear()  # it keeps its files open, and the unpacked file is a new one each time


def _unpacked(target: Path) -> Path:
    """The font as a TrueType file under the family's name; in the shipped file it is named after the lightest weight."""
    from fontTools.ttLib import TTFont

    font = TTFont(asset(f"templates/fonts/{FILE}.woff2"))
    font.flavor = None
    for number in (1, 16):
        font["name"].setName(FAMILY, number, 3, 1, 0x409)
    font.save(target)
    return target
