"""Reads secrets from the environment or from files, and redacts them from texts."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from segmenter.errors import DeliveryError

HIDDEN = "[secret]"


def secret(env: str | None, file: str | None, what: str) -> str:
    """The secret that the environment variable `env` or the file `file` holds; empty where neither is named.

    Raises
    ------
    DeliveryError
        The variable is not set, or the file cannot be read or may be read by others; `what` says what it is for.
    """
    if env:
        if not os.environ.get(env):
            raise DeliveryError(f"The environment variable {env}, {what}, is not set. Set it where the service starts.")
        return os.environ[env]
    return _from_file(Path(file), what) if file else ""


def _from_file(path: Path, what: str) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise DeliveryError(
                f"The file {path}, {what}, can be read by others. Restrict it to its owner: chmod 600 {path}"
            )
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise DeliveryError(
            f"The file {path}, {what}, cannot be read: {reason}. Name a file that can be read."
        ) from None


def redacted(text: str, secrets: Iterable[str]) -> str:
    """`text` with every secret replaced by `HIDDEN`."""
    for each in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(each, HIDDEN)
    return text
