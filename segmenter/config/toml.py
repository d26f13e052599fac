"""Values and tables of the configuration as TOML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Settings = Mapping[
    str, Mapping[str, Any]
]  # values by table and key, such as {"source.columns": {"customer": "Loyalty No"}}


def tables_in_toml(settings: Settings) -> list[str]:
    """Lines of TOML that say `settings`."""
    return [
        line
        for table, keys in settings.items()
        for line in (f"[{table}]", *(f"{key} = {in_toml(value)}" for key, value in keys.items()))
    ]


def in_toml(value: Any) -> str:
    """A value as TOML, on one line and without characters that a terminal does not show as they are."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {in_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(in_toml(item) for item in value) + "]"
    if isinstance(value, str):
        return f"'{value}'" if "\\" in value and "'" not in value and value.isprintable() else _quoted(value)
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return str(value)


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in quoted)
