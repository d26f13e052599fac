"""Finds the templates, queries and default configuration, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def asset(name: str) -> Path:
    """Path of ``templates``, ``queries`` or ``config.toml``, or of a file below them.

    Raises
    ------
    FileNotFoundError
        The installation is incomplete.
    """
    for root in (_PACKAGE / "_assets", _PACKAGE.parent):
        if (root / name).exists():
            return root / name
    raise FileNotFoundError(f"{name} is missing from the installation; install segmenter again.")


def query(name: str) -> str:
    """Text of ``queries/<name>.sql``."""
    return asset(f"queries/{name}.sql").read_text(encoding="utf-8")
