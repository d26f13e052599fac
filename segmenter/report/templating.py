"""Jinja in a sandbox: a team's templates first, then ours; a broken one is an error with file and line."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.assets import asset
from segmenter.errors import ReportError

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

FAULTS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError)


def fill(name: str, templates: str | None, **values: Any) -> str:
    """The template `name`, the team's own or ours, filled with `values`.

    Raises
    ------
    ReportError
        `templates` is no folder, or a template in it is broken or takes too long; the message names file and line.
    """
    from jinja2 import TemplateError, TemplateSyntaxError

    from segmenter.report.limits import room

    try:
        with room():
            return environment(templates).get_template(name).render(values)
    except TemplateSyntaxError as error:
        raise ReportError(_explain(f"{error.filename or error.name or name}, line {error.lineno}", error)) from error
    except (*FAULTS, TemplateError) as error:
        place = _place(error)
        if place is None:
            raise
        raise ReportError(_explain(place, error)) from error


def environment(templates: str | None) -> ImmutableSandboxedEnvironment:
    """Templates of the team's folder, then ours; ``default/`` always names ours, for ``extends``.

    Raises
    ------
    ReportError
        `templates` is no folder.
    """
    from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined
    from markupsafe import Markup

    from segmenter.report.limits import BoundedEnvironment

    if templates is not None and not Path(templates).is_dir():
        raise ReportError(f"report.templates {templates} is no folder; name the folder with your templates.")
    ours = FileSystemLoader(asset("templates"))
    team = [FileSystemLoader(templates)] if templates else []
    env = BoundedEnvironment(
        loader=ChoiceLoader([*team, ours, PrefixLoader({"default": ours})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["trusted"] = Markup
    return env


def _explain(place: str, error: Exception) -> str:
    return f"The report's template cannot be used: {place}: {error}. Mend that line, or remove the file to use ours."


def _place(error: Exception) -> str | None:
    """File and line of the innermost template that the error passed through, None where it passed none."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.endswith(".py")]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else None
