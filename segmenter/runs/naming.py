"""Which run of an archive is meant by what a person calls it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from segmenter.errors import RunError
from segmenter.runs.archive import as_of, list_runs

LATEST = "latest"
DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{8}")
LISTED = 5  # runs that a message names


def find(archive: Path, name: str = LATEST) -> Path:
    """Folder of the run called `name`.

    That is ``latest``, the run that was made last; a path; an id, or its beginning, which is the day on which the run was
    made (UTC); or the day that its customers are seen from, 2025-06-30 or 20250630: then the newest run of that day. Where
    20250630 begins ids and is a day, the ids count; 2025-06-30 is always the day.

    Raises
    ------
    RunError
        There is no such run, or several ids begin like that; the message lists those that there are.
    """
    if (Path(name) / "run.json").is_file():
        return Path(name)
    runs = list_runs(archive)
    if not runs:
        raise RunError(f"The archive {archive} holds no run. Make one with `segmenter run`, or name it with -o.")
    if name == LATEST:
        return runs[-1]
    begun = [run for run in runs if run.name.startswith(name)]
    if len(begun) > 1:
        raise RunError(f"Several runs begin with {name!r} in {archive}: {_listed(begun)}. Name one of them.")
    found = begun or _of_day(runs, name)
    if not found:
        raise RunError(
            f"No run begins with {name!r} in {archive}, and none sees its customers from such a day. The last ones are "
            f"{_listed(runs)}."
        )
    return found[-1]


def remark(archive: Path, name: str, found: Path) -> str:
    """What a person should know who called the run `found` by `name`; empty where that leaves nothing open."""
    others = [run for run in list_runs(archive) if run.name != found.name]
    day = _day_of(found)
    if name == LATEST:
        if later := [run for run in others if day and (_day_of(run) or day) > day]:
            return (
                f"{found.name}, the run that was made last, is seen from {day}; from a later day is {_listed(later)}."
            )
    elif found.name.startswith(name) and (same := _of_day(others, name)):
        return (
            f"{name} begins {found.name}, which is seen from {day}. For {same[-1].name}, the run of that day, write "
            f"{_day(name)}."
        )
    return ""


def _of_day(runs: Sequence[Path], name: str) -> list[Path]:
    """The runs, the oldest first, that see their customers from the day that `name` writes."""
    day = _day(name)
    return [run for run in runs if day is not None and _day_of(run) == day]


def _day(name: str) -> date | None:
    """The day that `name` writes, None where it is none."""
    try:
        return date.fromisoformat(name) if DAY.fullmatch(name) else None
    except ValueError:
        return None


def _day_of(run: Path) -> date | None:
    """The day that a run sees its customers from, None where it is damaged."""
    try:
        return as_of(run)
    except RunError:
        return None


def _listed(runs: Sequence[Path]) -> str:
    """The newest of `runs`, each with its day."""
    shown = [f"{run.name} (as of {_day_of(run) or 'an unknown day'})" for run in reversed(runs[-LISTED:])]
    more = len(runs) - len(shown)
    return "; ".join([*shown, *([f"and {more:,} more, see `segmenter runs list`"] if more else [])])
