"""Writes config.toml, the annotated default configuration, and docs/configuration.md from the models themselves.

``python -m segmenter.config.reference`` refreshes both files; a test fails when one is stale.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from segmenter.config.load import Config
from segmenter.config.schedule import ScheduleConfig
from segmenter.config.toml import in_toml

HEADER = """\
# The default configuration of segmenter: every key, its meaning and its default.
# Copy what you want to change; what you leave out keeps its default. Unknown keys are errors.
# Paths are seen from the folder that segmenter is started in.
"""

LEFT_OPEN = (
    "What is left to decide: of each number choose one letter, and remove the # before the lines that end in it; where a line "
    "above one sets the same key, take that out."
)
Proposals = dict[str, dict[str, list[tuple[Any, str]]]]  # by table and key: values, each with a mark

PAGE = """\
# The configuration

Written from the code by `make docs`. What is left out of a file keeps its default; unknown keys are errors. The same as a
file to copy from: [config.toml](../config.toml). Paths are seen from the folder that segmenter is started in.
"""


def annotated(
    keys: dict[str, Any] | None = None, proposals: Proposals | None = None, questions: Sequence[str] = ()
) -> str:
    """TOML text of every key with its meaning; keys that `keys` (tables of keys) sets are active.

    Without `keys`, defaults are active and keys that are unset by default are comments. So are the `proposals`, which decide
    the `questions` that the text opens with.
    """
    asked = "\n".join(line for each in (LEFT_OPEN, *questions) for line in _comment(each)) if questions else ""
    sections = [
        text for name in Config.model_fields for text in _section(name, (keys or {}).get(name, {}), proposals or {})
    ]
    return "\n".join([HEADER, *([f"{asked}\n"] if asked else []), *sections])


def _section(name: str, keys: dict[str, Any], proposals: Proposals) -> Iterator[str]:
    model = _tables(Config).get(name)
    if model is None:
        yield _example(_table(name, ScheduleConfig, {"name": "weekly", "cron": "0 8 * * 1"}, {}))
        return
    yield _table(name, model, keys, proposals.get(name, {}))
    for key, inner in _tables(model).items():
        table = f"{name}.{key}"
        yield _table(table, inner, keys.get(key, {}), proposals.get(table, {}))


def _tables(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The keys of `model` that are tables; of the whole configuration all but ``schedule``, of which any number may stand."""
    kinds = ((key, field.annotation) for key, field in model.model_fields.items())
    return {key: kind for key, kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)}


def handbook() -> str:
    """Markdown of every key: a table per section with key, default and meaning."""
    pages = [PAGE]
    for name in Config.model_fields:
        model = _tables(Config).get(name)
        if model is None:
            pages.append(_page(f"[[{name}]]", ScheduleConfig))
            continue
        pages.append(_page(f"[{name}]", model))
        pages += [_page(f"[{name}.{key}]", inner) for key, inner in _tables(model).items()]
    return "\n".join(pages)


def _page(title: str, model: type[BaseModel]) -> str:
    meaning = (model.__doc__ or "").split(": ", 1)[-1].strip().split("\n\n")[0]
    lines = [
        f"## {title}",
        "",
        meaning[0].upper() + " ".join(meaning[1:].split()),
        "",
        "| key | default | meaning |",
        "|---|---|---|",
    ]
    for key, field in model.model_fields.items():
        if key not in _tables(model):
            value = _default(field)
            shown = "needed" if field.is_required() else "unset" if value in (None, {}) else f"`{in_toml(value)}`"
            lines.append(f"| `{key}` | {_cell(shown)} | {_cell(field.description or '')} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _example(table: str) -> str:
    """A table of which any number may stand, as an example that is not active."""
    lines = table.rstrip().replace("[schedule]", "[[schedule]]").split("\n")
    return "\n".join(line if line.startswith("#") else f"# {line}" for line in lines) + "\n"


def _table(
    name: str, model: type[BaseModel], keys: dict[str, Any], proposed: Mapping[str, Sequence[tuple[Any, str]]]
) -> str:
    lines = [*_comment((model.__doc__ or "").split(": ", 1)[-1]), f"[{name}]"]
    for key, field in model.model_fields.items():
        if key in _tables(model):
            continue
        lines += _comment(field.description or "")
        if key in keys or key not in proposed:
            lines.append(_assignment(key, keys.get(key, _default(field))))
        lines += [f"# {key} = {in_toml(value)}  # {mark}" for value, mark in proposed.get(key, ())]
    return "\n".join(lines) + "\n"


def _default(field: FieldInfo) -> Any:
    return None if field.is_required() else field.get_default(call_default_factory=True)


def _assignment(key: str, value: Any) -> str:
    if value is None or value == {}:
        return f"# {key} ="
    return f"{key} = {in_toml(value)}"


def _comment(text: str) -> list[str]:
    first = text.strip().split("\n\n")[0]
    return [f"# {line}" for line in textwrap.wrap(first, 110)]


def main() -> None:
    """Write config.toml at the project's top and the page of the handbook."""
    Path("config.toml").write_text(annotated(), encoding="utf-8")
    Path("docs/configuration.md").write_text(handbook(), encoding="utf-8")


if __name__ == "__main__":
    main()
