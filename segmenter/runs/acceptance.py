"""The archive's accepted model, which places the customers of every run until another is accepted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from segmenter.config import Config
from segmenter.engine.drawn import Drawn
from segmenter.errors import RunError
from segmenter.features.types import FeatureTable
from segmenter.runs.archive import list_runs, read_document
from segmenter.runs.customers import of_same_customers, other_customers, other_money, unless_damaged
from segmenter.runs.model import read_model
from segmenter.runs.removal import locked
from segmenter.runs.state import look_at_state, open_state, transaction
from segmenter.runs.tables import read_table
from segmenter.runs.types import Model, ids_of

LACKING = "This export lacks {names}, which the accepted model of run {run} needs to place customers, so this run stands alone."
FITS = ("challenger", "model")  # model files of a run, the fresh fit first


@dataclass(frozen=True)
class Accepted:
    """The accepted model with its run's date and customers, of `n_all`; drift is measured from these customers.

    `next_number` is higher than the number of any segment in the archive.
    """

    run_id: str
    as_of: date
    model: Model
    customers: pd.DataFrame
    silhouette: float
    config: Config
    next_number: int
    n_all: int

    @property
    def drawn(self) -> Drawn:
        """Whom of all customers its run holds."""
        return Drawn(ids_of(self.customers), self.n_all)


def accept(archive: Path, run_id: str, now: datetime) -> None:
    """Make a run's fresh fit the archive's model: its challenger, where it has one.

    Raises
    ------
    RunError
        The run's model is missing or damaged, or the run is being removed.
    """
    with locked(archive / run_id) as stays:  # against a prune, which would leave the archive without its accepted model
        if not stays:
            raise RunError(f"The run {run_id} is gone, or another process is working on it. Try again in a moment.")
        name = "challenger" if (archive / run_id / "challenger.json").exists() else "model"
        read_model(archive / run_id / f"{name}.json")
        _record(archive, run_id, name, now, only_first=False)


def accept_first(archive: Path, run_id: str, now: datetime) -> None:
    """Make a run's model the archive's where none is accepted yet."""
    _record(archive, run_id, "model", now, only_first=True)


def _record(archive: Path, run_id: str, name: str, now: datetime, *, only_first: bool) -> None:
    with open_state(archive) as state, transaction(state):
        state.execute(
            "INSERT INTO acceptance (run_id, model, accepted_at) SELECT ?, ?, ? "
            "WHERE NOT ? OR NOT EXISTS (SELECT 1 FROM acceptance)",
            (run_id, name, now.isoformat(), only_first),
        )


def accepted_run(archive: Path) -> tuple[str, str] | None:
    """Id of the run whose model is accepted, and which of `FITS` it is; None where none was accepted yet."""
    if not archive.is_dir():
        return None
    with look_at_state(archive) as state:
        row = state.execute("SELECT run_id, model FROM acceptance ORDER BY number DESC LIMIT 1").fetchone()
    return (row["run_id"], row["model"]) if row else None


def accepted(archive: Path) -> Accepted | None:
    """The accepted model of `archive`, None where none was accepted yet.

    Raises
    ------
    RunError
        Its run was removed, or its files are damaged.
    """
    found = accepted_run(archive)
    if found is None:
        return None
    run_id, name = found
    folder = archive / run_id
    if not folder.is_dir():
        raise RunError(
            f"The accepted model's run {run_id} is gone from {archive}. Restore its folder, or accept another run: "
            "`segmenter runs accept RUN`."
        )
    manifest, _, history = read_document(folder)
    customers = read_table(folder / "customers.parquet")
    silhouette = float(customers["silhouette"].mean())
    if name == "challenger" and history.continuity is not None:
        silhouette = history.continuity.challenger_silhouette
    model, config = read_model(folder / f"{name}.json"), manifest.settings
    n_all = manifest.period.n_customers
    return Accepted(run_id, manifest.as_of, model, customers, silhouette, config, _next_number(archive), n_all)


def _next_number(archive: Path) -> int:
    """One more than the highest number of a segment in any model of the archive, accepted or challenger.

    Every fresh fit stores it, so that no number is used again when old runs are removed. Damaged models are passed over:
    they can neither place customers nor be accepted.
    """
    paths = [folder / f"{name}.json" for folder in list_runs(archive) for name in FITS]
    models = (unless_damaged(read_model, path, []) for path in paths if path.exists())
    return max((model.next_number for model in models if model is not None), default=0)


@dataclass(frozen=True)
class Following:
    """Whether a run keeps the segments of the accepted model.

    `known` is that model; None where there is none, or where it is for other customers or in another currency. `holds` is
    true where the run keeps its segments. `sentences` say why not, and where a model was accepted automatically.
    """

    known: Accepted | None = None
    holds: bool = False
    sentences: tuple[str, ...] = ()


def follow(archive: Path, table: FeatureTable, ours: Drawn, config: Config, now: datetime) -> Following:
    """Whether the run of the customers in `table`, which are `ours`, keeps the segments of the accepted model of `archive`.

    Raises
    ------
    RunError
        The accepted model is missing or damaged.
    """
    if not config.history.follow:
        return Following()
    taken_on = _adopt(archive, ours, now)
    known = accepted(archive)
    if known is None:
        return Following()
    found = _following(known, table, ours, config)
    return replace(found, sentences=(*taken_on, *found.sentences))


def _following(known: Accepted, table: FeatureTable, ours: Drawn, config: Config) -> Following:
    if why := (
        _lacking(known, table)
        or other_customers(known.run_id, known.drawn, ours)
        or other_money(known.run_id, known.config.report.currency, config.report.currency)
    ):
        return Following(sentences=(why,))
    if _settings(config) != _settings(known.config):
        return Following(
            known,
            sentences=(
                f"The segmentation settings differ from those of the accepted model's run {known.run_id}, so this run "
                f"has segments of its own. `segmenter runs accept` makes them the archive's.",
            ),
        )
    return Following(known, holds=True)


def _lacking(known: Accepted, table: FeatureTable) -> str:
    """A sentence where the export lacks features of the model; else empty."""
    missing = ", ".join(name for name in known.model.preparation.names if name not in table.names)
    return LACKING.format(names=missing, run=known.run_id) if missing else ""


def _settings(config: Config) -> tuple[object, ...]:
    """The settings that, with the data, determine a segmentation."""
    kmeans = config.kmeans.model_copy(update={"names": {}, "n_init": 1, "bootstraps": 0})
    return kmeans, config.prepare, config.features.use


def _adopt(archive: Path, ours: Drawn, now: datetime) -> tuple[str, ...]:
    """Where no model is accepted, accept the one that last placed the customers `ours`; returns a sentence on it.

    That is so where the first run was interrupted before its acceptance was recorded, and where the archive's state was
    lost.
    """
    if accepted_run(archive) is not None or (found := _placed_by(archive, ours)) is None:
        return ()
    _record(archive, *found, now, only_first=True)
    return (
        f"The archive had no accepted model on record, so that of run {found[0]}, which placed these customers "
        f"before, was adopted.",
    )


def _placed_by(archive: Path, ours: Drawn) -> tuple[str, str] | None:
    """Run and file of the model that the newest run of these customers kept; of their first run where none kept one."""
    runs = [folder for folder, _ in of_same_customers(reversed(list_runs(archive)), ours, [])]
    for folder in runs:
        if (continuity := read_document(folder)[2].continuity) is not None:
            model, origin = read_model(folder / "model.json"), archive / continuity.accepted_run
            paths = [path for name in FITS if (path := origin / f"{name}.json").exists()]
            return next(
                ((path.parent.name, path.stem) for path in paths if read_model(path) == model), (folder.name, "model")
            )
    return (runs[-1].name, "model") if runs else None
