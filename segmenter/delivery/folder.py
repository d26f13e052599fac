"""A run's files into a folder: there whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

from segmenter.delivery.answers import UnreachedError
from segmenter.delivery.content import Content
from segmenter.delivery.outbox import Message

READABLE = 0o644  # rights that a file may have
PASSABLE = 0o2755  # and a folder, which hands its group on


def send(message: Message, what: Content, folder: Path) -> str:
    """Copy the files of `what`, or the notice, into a folder of their own below `folder`; says where.

    The folder is named by due time and schedule, a message without a run also by its key, so that a second attempt
    replaces the first and two messages never replace each other. Who may read `folder` may read what comes into it.

    Raises
    ------
    UnreachedError
        The folder cannot be written to.
    """
    name = f"{message.due:%Y%m%dT%H%M%SZ}-{message.schedule}"
    name += "" if message.run_id else f"-{message.kind}-{message.key[:8]}"
    target = folder / name
    aside = folder / f".writing-{message.key[:8]}-{name}"  # the same at every attempt, so that none is left
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


def _share(made: Path, rights: int) -> None:
    """Let those read the folder `made` and its files who may read one of these `rights`; ours are for their owner alone."""
    for path in made.iterdir():
        path.chmod(rights & READABLE)
    made.chmod(rights & PASSABLE)
