"""Jinja in a sandbox: a team's templates first, then ours; a broken one is an error with file and line."""

from __future__ import annotations

import traceback
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.assets import asset
from segmenter.errors import ReportError

if TYPE_CHECKING:
    from jinja2 import nodes
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

    from segmenter.report.limits import memory_limit

    env = environment(templates)
    try:
        if templates is not None and (Path(templates) / name).is_file():
            _check_override(env, Path(templates) / name)
        with memory_limit():
            return env.get_template(name).render(values)
    except TemplateSyntaxError as error:
        raise ReportError(_explain(f"{error.filename or error.name or name}, line {error.lineno}", error)) from error
    except (*FAULTS, TemplateError) as error:
        place = _place(error)
        if place is None:
            raise
        raise ReportError(_explain(place, error)) from error


def check(templates: str | None) -> None:
    """Read every template of the team's folder, also those of mails, which would otherwise fail when one is sent.

    Raises
    ------
    ReportError
        `templates` is no folder, or a template in it cannot be read or is invalid; the message names file and line.
    """
    from jinja2 import TemplateSyntaxError

    env = environment(templates)
    for path in sorted(Path(templates).glob("*.html")) if templates is not None else ():
        try:
            _check_override(env, path)
        except TemplateSyntaxError as error:
            raise ReportError(_explain(f"{error.filename or path}, line {error.lineno}", error)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ReportError(_explain(str(path), error)) from None


def _check_override(env: ImmutableSandboxedEnvironment, path: Path) -> None:
    """Check for blocks that the extended template does not have and for text outside of blocks: Jinja ignores both.

    Raises
    ------
    ReportError
        There is one; the message names file and line, and the block that was meant or all that exist.
    """
    from jinja2 import nodes

    source = env.parse(path.read_text(encoding="utf-8"), filename=str(path))
    parent = _parent(source)
    if not parent or not (known := _blocks(env, parent, frozenset())):
        return
    for node in source.body:
        fault = ""
        if isinstance(node, nodes.Block) and node.name not in known:
            meant = get_close_matches(node.name, known, 1) or sorted(known)
            fault = f"{parent} has no block {node.name!r}, so nothing of it is shown; it has {', '.join(meant)}"
        if isinstance(node, nodes.Output) and any(_is_shown(part) for part in node.nodes):
            fault = "what stands outside of blocks is never shown"
        if fault:
            raise ReportError(_explain(f"{path}, line {node.lineno}", fault))


def _parent(source: nodes.Template) -> str:
    """The template that `source` extends, empty where it extends none or one whose name is computed."""
    from jinja2 import nodes

    extends = next(source.find_all(nodes.Extends), None)
    return str(extends.template.value) if extends and isinstance(extends.template, nodes.Const) else ""


def _blocks(env: ImmutableSandboxedEnvironment, name: str, seen: frozenset[str]) -> set[str]:
    """Names of the blocks of a template and of those that it extends; none where one of them is missing."""
    from jinja2 import TemplateNotFound, nodes

    if env.loader is None or name in seen:
        return set()
    try:
        text, filename, _ = env.loader.get_source(env, name)
    except TemplateNotFound:
        return set()
    source = env.parse(text, filename=filename)
    parent = _parent(source)
    own = {block.name for block in source.find_all(nodes.Block)}
    return own | _blocks(env, parent, seen | {name}) if parent else own


def _is_shown(part: Any) -> bool:
    """Whether a node of a template is more than white space."""
    from jinja2 import nodes

    return not isinstance(part, nodes.TemplateData) or bool(part.data.strip())


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
        raise ReportError(f"report.templates {templates} is not a folder; name the folder with your templates.")
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


def _explain(place: str, error: Exception | str) -> str:
    return f"The report's template cannot be used: {place}: {error}. Correct that line, or remove the file to use the built-in template."


def _place(error: Exception) -> str | None:
    """File and line of the innermost template in the error's traceback, None where there is none."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if not each.filename.endswith((".py", ">"))]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else None
