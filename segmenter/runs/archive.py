"""A run's folder: written hidden and renamed when complete, read back and checked, listed and pruned."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from segmenter.analysis.findings import Findings
from segmenter.errors import ResourceError, RunError, UsageError, remedy
from segmenter.folders import own_folder, sweep
from segmenter.intake.types import Reading
from segmenter.runs.history import History
from segmenter.runs.model import read_model, write_model
from segmenter.runs.removal import HIDDEN, remove
from segmenter.runs.seal import check, seal, sealed, sync
from segmenter.runs.tables import read_table, write_parquet, write_safe_csv
from segmenter.runs.types import Manifest, Run

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import TypeAdapter

RUN_ID = re.compile(r"^\d{8}T\d{6}Z-[0-9a-f]{4,12}$")
AS_OF = re.compile(rb'"as_of": "(\d{4}-\d\d-\d\d)"')
VERSION = 3
ROOM = 1 << 20  # bytes of free space below which a run certainly fails
Part = TypeVar("Part")


def new_run_id(started_at: datetime, readings: Sequence[Reading], archive: Path) -> str:
    """The start time and a piece of a hash of the inputs and the process; an id that `archive` does not have.

    The process tells apart the runs of two schedules on one export that begin in the same second.
    """
    parts = [*(reading.sha256 for reading in readings), str(os.getpid())]
    digest = hashlib.sha256("".join(parts).encode()).hexdigest()
    stamp = started_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lengths = (length for length in range(4, 13) if not (archive / f"{stamp}-{digest[:length]}").exists())
    return f"{stamp}-{digest[: next(lengths, 12)]}"


@contextmanager
def begun(run: Run, archive: Path) -> Iterator[Path]:
    """A hidden folder in `archive` with the tables of `run`, to add its report to; removed unless `finish` renames it.

    What killed processes left behind is removed first. Files are readable by their owner only.

    Raises
    ------
    ResourceError
        There is no space, the archive may not be written to, or too many files are open.
    """
    target = archive / run.manifest.run_id
    try:
        archive.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep(archive, HIDDEN)
        with own_folder(archive, f"{HIDDEN}{run.manifest.run_id}-") as hidden:
            _write_tables(run, hidden)
            yield hidden
    except OSError as error:
        raise ResourceError(
            f"The run could not be written to {archive}: {error.strerror or error}. {remedy(error)}"
        ) from None
    except KeyboardInterrupt as stopped:
        if target.is_dir():
            raise KeyboardInterrupt(f"The run was finished before: {target}.") from stopped
        raise


def finish(run: Run, hidden: Path) -> Path:
    """Complete the run that was `begun` in the folder `hidden`: seal and rename it; returns its final folder."""
    target = hidden.parent / run.manifest.run_id
    _write_document(run, hidden)
    seal(hidden)
    hidden.rename(target)
    sync(hidden.parent)
    return target


def check_room(archive: Path) -> None:
    """Check that `archive` exists or can be made, and has space for a run; nothing is written.

    Raises
    ------
    UsageError
        It is no folder, may not be written to, or has a name that is not UTF-8, which DuckDB cannot write to.
    ResourceError
        Its disk is nearly full.
    """
    if str(archive) != os.fsencode(archive).decode(errors="replace"):
        raise UsageError(
            f"The archive cannot be {archive}: its name is not UTF-8. Rename it, or name another folder with -o."
        )
    existing = next(path for path in (archive, *archive.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        what = "may not be written to" if existing.is_dir() else "is not a folder"
        raise UsageError(
            f"The archive cannot be {archive}: {existing} {what}. Name another folder with -o, or grant write permission."
        )
    free = shutil.disk_usage(existing).free
    if free < ROOM:
        raise ResourceError(
            f"The archive {archive} lies on a disk with {free >> 20} MiB left; a run needs {ROOM >> 20} or more. Free space, "
            "`segmenter runs prune` removes old runs, or name another folder with -o."
        )


def _write_document(run: Run, folder: Path) -> None:
    import pydantic_core

    document = {"version": VERSION, "manifest": run.manifest, "findings": run.findings, "history": run.history}
    text = pydantic_core.to_json(document, indent=1, inf_nan_mode="strings")
    (folder / "run.json").write_bytes(text)


def _write_tables(run: Run, folder: Path) -> None:
    write_parquet(run.customers, folder / "customers.parquet", order_by="customer_id")
    write_parquet(run.segments, folder / "segments.parquet", order_by="segment")
    write_parquet(run.anomalies, folder / "anomalies.parquet")
    bom = run.manifest.settings.report.csv_bom
    write_safe_csv(_with_alerts(run), folder / "anomalies.csv", bom=bom)
    write_safe_csv(run.rejected, folder / "rejected.csv", bom=bom)
    write_model(run.model, folder / "model.json")
    if run.challenger is not None:
        write_model(run.challenger, folder / "challenger.json")
    if run.moves is not None:
        write_parquet(run.moves, folder / "moves.parquet", order_by="customer_id")
    if run.alerts is not None:
        write_parquet(run.alerts, folder / "alerts.parquet", order_by="customer_id")


def _with_alerts(run: Run) -> pd.DataFrame:
    """The flagged customers, each with the state of its alert: new, ongoing or worsened."""
    if run.alerts is None:
        return run.anomalies
    states = dict(zip(run.alerts["customer_id"], run.alerts["state"], strict=True))
    return run.anomalies.assign(alert=run.anomalies["customer_id"].map(states))


def list_runs(archive: Path) -> tuple[Path, ...]:
    """Folders of the finished runs, the oldest first."""
    if not archive.is_dir():
        return ()
    return tuple(sorted(path for path in archive.iterdir() if path.is_dir() and RUN_ID.match(path.name)))


def made_at(run_id: str) -> datetime:
    """When the run was begun, in UTC, by its name."""
    return datetime.strptime(run_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def read(folder: str | Path) -> Run:
    """The run in `folder`.

    Raises
    ------
    RunError
        A file is missing, damaged or of another version.
    """
    folder = Path(folder)
    manifest, findings, history = read_document(folder)
    names = sealed(folder)  # not those that exist now, as the run may be pruned meanwhile
    model = read_model(folder / "model.json")
    files = ("customers.parquet", "segments.parquet", "anomalies.parquet", "rejected.csv")
    customers, segments, anomalies, rejected = (read_table(folder / name) for name in files)
    challenger = _optional(read_model, folder / "challenger.json", names)
    moves, alerts = (_optional(read_table, folder / name, names) for name in ("moves.parquet", "alerts.parquet"))
    return Run(manifest, findings, customers, segments, anomalies, rejected, model, challenger, history, moves, alerts)


def _optional(reader: Callable[[Path], Part], path: Path, names: Collection[str]) -> Part | None:
    """What `reader` reads from a file that not every run has; None where it is not among the run's `names`."""
    return reader(path) if path.name in names else None


@cache
def _parts() -> tuple[TypeAdapter[Manifest], TypeAdapter[Findings], TypeAdapter[History]]:
    """Validators of the parts of a document, cached, as building them takes longer than reading one."""
    from pydantic import TypeAdapter

    return TypeAdapter(Manifest), TypeAdapter(Findings), TypeAdapter(History)


def read_document(folder: Path) -> tuple[Manifest, Findings, History]:
    """The manifest, findings and history of the run in `folder`, without its tables.

    Raises
    ------
    RunError
        run.json is missing, damaged or of another version.
    """
    import pydantic_core
    from pydantic import ValidationError

    path = folder / "run.json"
    check(path)
    try:
        document = pydantic_core.from_json(path.read_bytes())
        if document.get("version") != VERSION:
            raise RunError(
                f"{path} is of version {document.get('version')}, this program reads {VERSION}. Make it again, or read it with the segmenter that made it."
            )
        manifest, findings, history = _parts()
        return (
            manifest.validate_python(document["manifest"]),
            findings.validate_python(document["findings"]),
            history.validate_python(document["history"]),
        )
    except (OSError, ValueError, KeyError, AttributeError, ValidationError) as error:
        reason = str(error).split("\n", 1)[0]
        raise RunError(f"{path} is missing or damaged ({reason}). Run again, or restore the folder.") from None


def as_of(folder: Path) -> date:
    """The day that the run in `folder` sees its customers from; cheap, as it is in the first lines of run.json.

    Raises
    ------
    RunError
        run.json is missing or damaged.
    """
    path = folder / "run.json"
    check(path)
    with path.open("rb") as file:
        found = AS_OF.search(file.read(1000))
    if found is None:
        raise RunError(f"{path} does not say its day. Run again, or restore the folder.")
    return date.fromisoformat(found[1].decode())


def outdated(
    archive: Path, keep: int | None, days: int | None, protected: Sequence[str], now: datetime
) -> tuple[str, ...]:
    """Ids of the runs beyond the newest `keep` and older than `days`, the oldest first, but for those `protected`."""
    runs = [run.name for run in list_runs(archive)]
    old = set(runs if keep is None else runs[: max(0, len(runs) - keep)])
    if days is not None:
        edge = (now - timedelta(days=days)).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        old &= {run for run in runs if run < edge}
    return tuple(sorted(old - {*protected}))


def prune(archive: Path, run_ids: Sequence[str], spared: Callable[[], Collection[str]] = tuple) -> tuple[str, ...]:
    """Remove these runs except those `spared`, which is called before each removal; returns the ids removed."""
    return tuple(run_id for run_id in run_ids if remove(archive / run_id, spared))


def summary(folder: Path) -> dict[str, Any]:
    """The run's entry in the list of runs."""
    manifest, findings, _ = read_document(folder)
    return {
        "run": manifest.run_id,
        "as_of": manifest.as_of,
        "customers": manifest.period.n_customers,
        "segments": findings.choice.n_clusters,
        "anomalies": sum(card.n_anomalies for card in findings.cards),
        "revenue": manifest.period.revenue,
    }
