"""The Jinja pages: ours, and over them a team's own."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.assets import asset
from segmenter.errors import ReportError
from segmenter.report.brand import font_faces
from segmenter.report.types import Page

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

NEUTRALS = {"#1d2733": "--ink", "#5c6773": "--muted", "#d4dae0": "--rule", "#ffffff": "--paper"}


def html(page: Page, templates: str | None, points: str = "") -> str:
    """The page for a screen, everything inside one file; `points` is the interactive map's JSON."""
    scripts = _scripts(bool(points))
    hashes = " ".join(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; font-src data:; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    return _themed(_render(page, templates, medium="screen", scripts=scripts, policy=policy, points=points))


def paper(page: Page, templates: str | None) -> str:
    """The page for WeasyPrint."""
    return _render(page, templates, medium="paper", scripts=(), policy="", points="")


def _scripts(with_map: bool) -> tuple[str, ...]:
    names = ["vendor/plotly-gl3d.min.js", "map.js"] if with_map else []
    return tuple(asset(f"templates/{name}").read_text(encoding="utf-8") for name in ("page.js", *names))


def _render(page: Page, templates: str | None, **values: Any) -> str:
    from jinja2 import TemplateError

    try:
        return _environment(templates).get_template("report.html").render(page=page, fonts=font_faces(), **values)
    except TemplateError as error:
        raise ReportError(_explain(error, templates)) from error


def _environment(templates: str | None) -> ImmutableSandboxedEnvironment:
    """Templates of the team first, then ours; ``default/`` always names ours, for ``extends``."""
    from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from markupsafe import Markup

    if templates is not None and not Path(templates).is_dir():
        raise ReportError(f"report.templates {templates} is no folder; name the folder with your templates.")
    ours = FileSystemLoader(asset("templates"))
    folders = [FileSystemLoader(templates)] if templates else []
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([*folders, ours, PrefixLoader({"default": ours})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["trusted"] = Markup
    return environment


def _explain(error: Exception, templates: str | None) -> str:
    """What is wrong in which template and line, in one paragraph."""
    name, line = getattr(error, "filename", None), getattr(error, "lineno", None)
    trace = error.__traceback__
    while trace is not None:  # a fault while rendering stands in the deepest template frame
        if trace.tb_frame.f_code.co_filename.endswith((".html", ".css")):
            name, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    where = f"{name}, line {line}" if line else str(name or templates or "the templates")
    return f"The report's template cannot be used: {where}: {error}. Mend that line, or remove the file to use ours."


def _themed(text: str) -> str:
    """Neutral colours of the drawings as variables, so that a dark page darkens them too."""

    def themed(drawing: re.Match[str]) -> str:
        svg = drawing.group()
        for colour, variable in NEUTRALS.items():
            svg = svg.replace(f": {colour}", f": var({variable})")
        return svg

    return re.sub(r"<svg.*?</svg>", themed, text, flags=re.DOTALL)
