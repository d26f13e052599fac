"""Writes config.toml, the annotated default configuration, and docs/configuration.md from the models themselves.

``python -m segmenter.config.reference`` refreshes both files; a test fails when one is stale.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from segmenter.config.load import Config
from segmenter.config.schedule import ScheduleConfig

HEADER = """\
# The default configuration of segmenter: every key, its meaning and its default.
# Copy what you want to change; what you leave out keeps its default. Unknown keys are errors.
# Paths are seen from the folder that segmenter is started in.
"""

PAGE = """\
# The configuration

Written from the code by `make docs`. What is left out of a file keeps its default; unknown keys are errors. The same as a
file to copy from: [config.toml](../config.toml). Paths are seen from the folder that segmenter is started in.
"""


def annotated(keys: dict[str, Any] | None = None) -> str:
    """TOML text of every key with its meaning; keys that `keys` (tables of keys) sets are active.

    Without `keys`, defaults are active and keys that are unset by default are comments.
    """
    sections = [text for name in Config.model_fields for text in _section(name, (keys or {}).get(name, {}))]
    return HEADER + "\n" + "\n".join(sections)


def _section(name: str, keys: dict[str, Any]) -> Iterator[str]:
    model = _tables(Config).get(name)
    if model is None:
        yield _example(_table(name, ScheduleConfig, {"name": "weekly", "cron": "0 8 * * 1"}))
        return
    yield _table(name, model, keys)
    for key, inner in _tables(model).items():
        yield _table(f"{name}.{key}", inner, keys.get(key, {}))


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
            shown = "needed" if field.is_required() else "unset" if value in (None, {}) else f"`{_toml(value)}`"
            lines.append(f"| `{key}` | {_cell(shown)} | {_cell(field.description or '')} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _example(table: str) -> str:
    """A table of which any number may stand, as an example that is not active."""
    lines = table.rstrip().replace("[schedule]", "[[schedule]]").split("\n")
    return "\n".join(line if line.startswith("#") else f"# {line}" for line in lines) + "\n"


def _table(name: str, model: type[BaseModel], keys: dict[str, Any]) -> str:
    lines = [*_comment((model.__doc__ or "").split(": ", 1)[-1]), f"[{name}]"]
    for key, field in model.model_fields.items():
        if key in _tables(model):
            continue
        lines += _comment(field.description or "")
        lines.append(_assignment(key, keys.get(key, _default(field))))
    return "\n".join(lines) + "\n"


def _default(field: FieldInfo) -> Any:
    return None if field.is_required() else field.get_default(call_default_factory=True)


def _assignment(key: str, value: Any) -> str:
    if value is None or value == {}:
        return f"# {key} ="
    return f"{key} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        return f"'{value}'" if "\\" in value and "'" not in value else json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return str(value)


def _comment(text: str) -> list[str]:
    first = text.strip().split("\n\n")[0]
    return [f"# {line}" for line in textwrap.wrap(first, 110)]


def main() -> None:
    """Write config.toml at the project's top and the page of the handbook."""
    Path("config.toml").write_text(annotated(), encoding="utf-8")
    Path("docs/configuration.md").write_text(handbook(), encoding="utf-8")


if __name__ == "__main__":
    main()
