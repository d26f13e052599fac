"""The report of a finished run, made again from what its folder holds: in another language, brand or set of formats.

No export is read, no run is added, and the run's own folder stays as it is.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from segmenter.config import Config
from segmenter.config.report import ReportConfig
from segmenter.errors import ConfigError, ResourceError, UsageError, remedy
from segmenter.folders import own_folder, sweep
from segmenter.runs import archive
from segmenter.runs.naming import find
from segmenter.runs.types import Run

HIDDEN = ".segmenter-report-"  # prefix of a folder in which a report is written before it is complete
TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


@dataclass(frozen=True)
class Again:
    """A run, the folder that its report was made in again, the files to open, and how it was made.

    `notes` says what of the settings given could not be used.
    """

    run: Run
    folder: Path
    files: tuple[Path, ...]
    config: ReportConfig
    notes: tuple[str, ...]


def report_again(run: str | Path, to: str | Path, config: Config | None = None) -> Again:
    """Make the report of a finished run again in the folder `to`, which is there afterwards whole or not at all.

    `run` is its folder or a name that `find` knows, in the archive of `config`. The settings are those that the run was
    made with, and over them those of [report] that `config` sets (see `settled`).

    Raises
    ------
    SegmenterError
        There is no such run, `to` exists already, or the report cannot be made as asked or not be written.
    """
    chosen = config or Config()
    return make(find(Path(chosen.engine.archive), str(run)), Path(to), chosen)


def make(folder: Path, to: Path, config: Config) -> Again:
    """Make the report of the run in `folder` again in the folder `to`; as `report_again`.

    Raises
    ------
    SegmenterError
        The run is damaged, `to` exists already, or the report cannot be made as asked or not be written.
    """
    from segmenter import report
    from segmenter.report.settings import settled

    _refuse(to, folder)
    run = archive.read(folder)
    settings = settled(run.manifest, config.report)
    _check_names(run, settings.report, config)
    _check(settings.report, config.report)
    with _aside(to) as aside:
        files = report.render(run, settings.report, aside)
        if not files:
            raise UsageError(
                f"Without single customers nothing is left of {', '.join(settings.report.formats)}. Ask for html, pdf, xlsx or csv."
            )
        made = tuple(to / file.relative_to(aside) for file in files)
    return Again(run, to, made, settings.report, settings.notes)


def _refuse(to: Path, folder: Path) -> None:
    """Refuse a folder that holds something, and one inside a run, which never changes."""
    target, root = to.resolve(), folder.resolve().parent
    for place in (target, *target.parents):
        if (place / "run.json").is_file() or (place.parent == root and archive.RUN_ID.match(place.name)):
            raise UsageError(f"{to} is in a run's folder, which never changes. Name a folder elsewhere with --to.")
    if target.exists() and (not target.is_dir() or any(target.iterdir()) or target == Path.cwd()):
        raise _taken(to)


def _taken(to: Path) -> UsageError:
    return UsageError(f"{to} exists already; name another folder with --to, or remove it.")


def _check_names(run: Run, settings: ReportConfig, config: Config) -> None:
    """Refuse a report with plain ids where the configuration asks for pseudonyms: the run's ids are what they are."""
    has_plain_ids = not run.manifest.settings.privacy.pseudonymise
    if config.privacy.pseudonymise and has_plain_ids and settings.customer_rows:
        raise ConfigError(
            f"The run {run.manifest.run_id} has customer ids as they are in the export, and privacy.pseudonymise = true wants them "
            "nowhere. Leave customers out with --no-customer-rows, or run again on the export."
        )


def _check(settings: ReportConfig, wanted: ReportConfig) -> None:
    """See that the report can be made; where a file that the run's own settings name is gone, say how to change that."""
    from segmenter.report import check

    try:
        check(settings)
    except ConfigError as error:
        own = {"logo", "templates"} - wanted.model_fields_set
        if not any(str(error).startswith(f"report.{key} ") for key in own):
            raise
        raise ConfigError(
            f"{error} The run was made with this setting: begin in the folder where it was made, or name another file with -c."
        ) from None


@contextmanager
def _aside(to: Path) -> Iterator[Path]:
    """A hidden folder beside `to`, for its owner alone, that becomes `to` when the block ends well and else is removed."""
    target = to.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target.parent, HIDDEN)
        with own_folder(target.parent, HIDDEN) as hidden:
            yield hidden
            _show(hidden, target, to)
    except OSError as error:
        raise ResourceError(
            f"The report could not be written to {to}: {error.strerror or error}. {remedy(error)}"
        ) from None


def _show(hidden: Path, target: Path, to: Path) -> None:
    """Rename the complete folder; it replaces an empty one, but not what came to be there meanwhile."""
    try:
        hidden.rename(target)
    except OSError as error:
        if error.errno in TAKEN:
            raise _taken(to) from None
        raise
