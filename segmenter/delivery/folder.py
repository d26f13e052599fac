"""Copies a run's files into a folder, all of them or none."""

from __future__ import annotations

import shutil
from pathlib import Path

from segmenter.delivery.answers import UnreachedError
from segmenter.delivery.content import Content
from segmenter.delivery.outbox import Message

FILE_MODE = 0o644  # permissions that a file may get
FOLDER_MODE = 0o2755  # and a folder, with setgid


def send(message: Message, what: Content, folder: Path) -> str:
    """Copy the files of `what`, or the notice, into a new folder in `folder`; returns where, in words.

    The folder is named by due time and schedule, and for a message without a run by its key, so that a second attempt
    replaces the first and two messages never replace each other. Those who may read `folder` may read the new one.

    Raises
    ------
    UnreachedError
        The folder cannot be written to.
    """
    name = f"{message.due:%Y%m%dT%H%M%SZ}-{message.schedule}"
    name += "" if message.run_id else f"-{message.kind}-{message.key[:8]}"
    target = folder / name
    # every attempt uses the same name, so that none is left behind
    aside = folder / f".writing-{message.key[:8]}-{name}"
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        for path in what.files:
            shutil.copy2(path, aside / path.name)
        (aside / "message.html").write_text(what.html, encoding="utf-8")
        _share(aside, folder.stat().st_mode)
        if target.exists():
            shutil.rmtree(target)
        aside.rename(target)
    except OSError as error:
        raise UnreachedError(f"The folder {folder} cannot be written to: {error.strerror or error}.") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return f"in {name}"


def _share(folder: Path, mode: int) -> None:
    """Give `folder` and its files, so far readable by their owner only, the read permissions of `mode`."""
    for path in folder.iterdir():
        path.chmod(mode & FILE_MODE)
    folder.chmod(mode & FOLDER_MODE)
