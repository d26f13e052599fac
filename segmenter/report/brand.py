"""A team's logo and the shipped fonts as data: addresses, which need no network."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

from segmenter.assets import asset
from segmenter.errors import ReportError

TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}
LARGEST = 4 << 20  # bytes of a logo, which is in every page and mail
FACES = (
    ("Source Sans 3", "source-sans-3", 400, "normal"),
    ("Source Sans 3", "source-sans-3", 400, "italic"),
    ("Source Sans 3", "source-sans-3", 600, "normal"),
    ("Source Serif 4", "source-serif-4", 600, "normal"),
)
SUBSETS = ("latin", "latin-ext")
EXTENDED = re.compile("[\u0100-\u0130\u0132-\u0151\u0154-\u024f\u1e00-\u1eff\u20a0-\u20a9\u20ab\u20ad-\u20c0]")


def logo_uri(path: str | None) -> str:
    """The logo as a data: address, empty where there is none.

    Raises
    ------
    ReportError
        The file cannot be read, is too large, or is no PNG, JPEG or SVG.
    """
    if path is None:
        return ""
    file = Path(path)
    if file.suffix.lower() not in TYPES:
        raise ReportError(f"report.logo {path} is not a PNG, JPEG or SVG file; name one that is.")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ReportError(f"report.logo {path} cannot be read: {error.strerror}. Name an existing file.") from error
    if len(content) > LARGEST:
        raise ReportError(
            f"report.logo {path} has {len(content) >> 20} MiB; a logo of up to {LARGEST >> 20} is accepted."
        )
    return f"data:{TYPES[file.suffix.lower()]};base64,{b64encode(content).decode()}"


def font_faces(text: str) -> str:
    """@font-face rules that contain the shipped fonts; extended letters only where `text` has some."""
    subsets = SUBSETS if EXTENDED.search(text) else SUBSETS[:1]
    return "\n".join(_face(face, subset) for face in FACES for subset in subsets)


def _face(face: tuple[str, str, int, str], subset: str) -> str:
    """A face; the extended letters are a family of their own, as WeasyPrint mixes up two files of one family.

    There is no unicode-range: WeasyPrint would draw a box for each letter in it that the file lacks.
    """
    family, stem, weight, style = face
    family += "" if subset == "latin" else " Extended"
    encoded = b64encode(asset(f"templates/fonts/{stem}-{subset}-{weight}-{style}.woff2").read_bytes()).decode()
    return (
        f"@font-face {{ font-family: '{family}'; font-weight: {weight}; font-style: {style}; "
        f"src: url(data:font/woff2;base64,{encoded}) format('woff2'); }}"
    )
