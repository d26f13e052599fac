"""The report's page as HTML, for a screen and for WeasyPrint."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from segmenter.assets import asset
from segmenter.report.brand import font_faces
from segmenter.report.fonts import more_faces, warn_of_boxes
from segmenter.report.language import Voice
from segmenter.report.palette import ALARM, INK, MUTED, PAPER, RULE, dimmed
from segmenter.report.templating import fill
from segmenter.report.types import Page

NEUTRALS = {INK: "--ink", MUTED: "--muted", RULE: "--rule", PAPER: "--paper", ALARM: "--alarm"}
FACES = "/* the faces that the page's letters ask for */"  # replaced by them once the page's text is known
SCRIPT_TEXTS = (
    "Sort by this column", "Filter", "{count} of {all} rows", "Light", "Dark", "Switch to light colours", "Switch to dark colours", "All",
    "Customer {id}", "No customer {id} on the map.", "{count} customers are on this map.",
    "{count} of {all} customers are on this map: in three dimensions only a sample is shown, to keep it fast.",
    "{count} customers match; the first are listed.", "This customer is on the map in two dimensions only.",
    "This customer has no valid order: all were cancelled or returned.",
)  # fmt: skip


def html(page: Page, voice: Voice, templates: str | None, points: str = "") -> str:
    """The page for a screen, in one file; `points` is the interactive map's JSON."""
    from jinja2.utils import htmlsafe_json_dumps

    scripts = _scripts(with_map=bool(points))
    hashes = " ".join(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; font-src data:; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    words = str(htmlsafe_json_dumps({text: voice(text) for text in SCRIPT_TEXTS}))
    values = {"scripts": scripts, "policy": policy, "points": points, "words": words}
    text = fill("report.html", templates, page=page, say=voice, fonts=FACES, medium="screen", **values)
    return _themed(text).replace(FACES, font_faces(text), 1)


def paper(page: Page, voice: Voice, templates: str | None, drawings: str = "") -> str:
    """The page for WeasyPrint; `drawings` is the text of its charts, which need fonts too."""
    values = {"scripts": (), "policy": "", "points": "", "words": ""}
    text = fill("report.html", templates, page=page, say=voice, fonts=FACES, medium="paper", **values)
    warn_of_boxes(text + drawings)
    return text.replace(FACES, f"{font_faces(text + drawings)}\n{more_faces(text + drawings)}", 1)


def _scripts(*, with_map: bool) -> tuple[str, ...]:
    names = ["vendor/plotly-gl3d.min.js", "map.js"] if with_map else []
    return tuple(asset(f"templates/{name}").read_text(encoding="utf-8") for name in ("page.js", *names))


def _dimmed(cells: re.Match[str]) -> str:
    """The cells of a heat map with a dimmer second colour for a dark page, which old browsers ignore."""
    return re.sub(
        r"fill: (#[0-9a-f]{6})",
        lambda fill: f"fill: {fill[1]}; fill: light-dark({fill[1]}, {dimmed(fill[1])})",
        cells.group(),
    )


def _themed(text: str) -> str:
    """Neutral colours of the drawings as CSS variables, which differ on a dark page."""

    def themed(drawing: re.Match[str]) -> str:
        svg = drawing.group()
        for colour, variable in NEUTRALS.items():
            svg = svg.replace(f": {colour}", f": var({variable})")
        return re.sub(r'<g class="cells">.*?</g>', _dimmed, svg, flags=re.DOTALL)

    return re.sub(r"<svg.*?</svg>", themed, text, flags=re.DOTALL)
