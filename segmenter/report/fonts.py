"""Letters on paper that the shipped fonts lack: DejaVu, which comes with matplotlib, and a warning where no font has them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

log = logging.getLogger(__name__)
SHIPPED = re.compile(  # letters that each of the shipped faces has
    "[\u0000-\u007e\u00a0-\u012b\u012e-\u0131\u0134-\u0165\u0168-\u017f\u0218-\u021b\u2009\u2013\u2014\u2018-\u201a"
    "\u201c-\u201e\u2022\u2026\u20ac\u2122\u2191\u2193\u2212]"
)
INVISIBLE = set("\u200b\u200e\u200f\u2066\u2067\u2068\u2069\ufeff")
FACES = (
    ("DejaVu Sans", 400, "normal", "DejaVuSans.ttf"),
    ("DejaVu Sans", 400, "italic", "DejaVuSans-Oblique.ttf"),
    ("DejaVu Sans", 600, "normal", "DejaVuSans-Bold.ttf"),
    ("DejaVu Serif", 600, "normal", "DejaVuSerif-Bold.ttf"),
)


def other_letters(text: str) -> str:
    """The letters of `text` that the shipped fonts may lack, each once."""
    return "".join(sorted(set(SHIPPED.sub("", text)) - INVISIBLE))


def more_faces(text: str) -> str:
    """@font-face rules of DejaVu under ``font:`` addresses where `text` has letters that the shipped fonts may lack."""
    if not other_letters(text):
        return ""
    return "\n".join(
        f"@font-face {{ font-family: '{family}'; font-weight: {weight}; font-style: {style}; src: url(font:{file}); }}"
        for family, weight, style, file in FACES
    )


def font_file(name: str) -> bytes:
    """The bytes of a font that `more_faces` names.

    Raises
    ------
    ValueError
        There is no font of this name.
    """
    if name not in {file for *_, file in FACES}:
        raise ValueError(f"There is no font {name}.")
    return (_folder() / name).read_bytes()


def warn_of_boxes(text: str) -> None:
    """Log a warning that names the letters of `text` that no font on this machine has, and how to install one."""
    if missing := without_font(text):
        shown = " ".join(missing[:12]) + (" …" if len(missing) > 12 else "")
        log.warning(
            "report.pdf shows boxes for these letters, as no font on this machine has them: %s. Install one that does, for "
            "Chinese, Japanese and Korean: sudo apt-get install -y fonts-noto-cjk",
            shown,
        )


def without_font(text: str) -> str:
    """Letters of `text` that neither the shipped fonts nor DejaVu nor a font of the system has, each once."""
    left = {letter for letter in other_letters(text) if letter.isprintable()}
    for path in _fonts():
        if not left:
            break
        left -= _letters(path)
    return "".join(sorted(left))


def _fonts() -> Iterator[Path]:
    """The shipped fonts, DejaVu, then the system's."""
    from matplotlib.font_manager import findSystemFonts

    from segmenter.assets import asset

    yield _folder() / FACES[0][3]
    yield from sorted(asset("templates/fonts").glob("*-400-normal.woff2"))
    yield from map(Path, sorted(findSystemFonts()))


def _folder() -> Path:
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf"


@lru_cache(maxsize=64)
def _letters(path: Path) -> frozenset[str]:
    """The letters that a font file has; none where the file is no font."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(path, fontNumber=0, lazy=True) as font:
            return frozenset(map(chr, font.getBestCmap() or {}))
    except (TTLibError, OSError):
        return frozenset()
