"""Finds the run of an archive that a name on the command line means."""

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

    A name is ``latest``, the run made last; a path; an id or its beginning, such as the day on which the run was made
    (UTC); or the day that customers are seen from, 2025-06-30 or 20250630, for the newest run of that day. Where 20250630
    is both, it is the beginning of an id.

    Raises
    ------
    RunError
        There is no such run, or several ids begin with `name`; the message lists candidates.
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
    """A sentence where `name`, by which the run `found` was found, might mean another run; else empty."""
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
    """The runs as of the day that `name` is, the oldest first."""
    day = _day(name)
    return [run for run in runs if day is not None and _day_of(run) == day]


def _day(name: str) -> date | None:
    """`name` as a day; None where it is none."""
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
