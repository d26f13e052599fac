"""Seals a finished run's files: private, synced to disk, and listed with their hashes in ``SHA256SUMS``.

The list has the format of ``sha256sum --check SHA256SUMS``. Files are checked against it when they are read, so that a
flipped bit or an edit is an error and never a wrong figure.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from segmenter.errors import RunError

FILE = "SHA256SUMS"


def seal(folder: Path) -> None:
    """Make the files below `folder` readable by their owner alone, list their hashes, and sync all to the disk."""
    paths = sorted(folder.rglob("*"))
    lines = [f"{_digest(path)}  {path.relative_to(folder)}\n" for path in paths if path.is_file()]
    (folder / FILE).write_text("".join(lines), encoding="utf-8")
    for path in (*paths, folder / FILE):
        path.chmod(0o700 if path.is_dir() else 0o600)
        sync(path)
    sync(folder)


def check(path: Path) -> None:
    """Check a file of a run's folder against the hash that it was sealed with.

    Raises
    ------
    RunError
        The file is missing or was changed, or the folder has no seal.
    """
    try:
        sound = _digest(path) == _sums(path.parent).get(path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} is missing or damaged ({error}). Run again, or restore the folder.") from None
    if not sound:
        raise RunError(
            f"{path} is damaged: it is not as the run wrote it ({FILE} tells). Restore the folder from a copy, or remove "
            "it and run again."
        )


def sealed(folder: Path) -> dict[str, str]:
    """The sealed hash of each file of a run's folder, by its name.

    Raises
    ------
    RunError
        The folder has no seal, or it is damaged.
    """
    try:
        return _sums(folder)
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{folder / FILE} is missing or damaged ({error}). Run again, or restore the folder.") from None


def _sums(folder: Path) -> dict[str, str]:
    lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Flush a file or folder to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
