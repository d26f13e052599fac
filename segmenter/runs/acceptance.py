"""Which model is the archive's: the one that places the customers of every run until another is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmenter.config import Config
from segmenter.errors import RunError
from segmenter.features.types import FeatureTable
from segmenter.runs.archive import read_document
from segmenter.runs.model import read_model
from segmenter.runs.state import open_state, transaction
from segmenter.runs.tables import read_table
from segmenter.runs.types import Model

SAME_CUSTOMERS = 0.5  # of the smaller run's customers, from which on two runs are about the same business


@dataclass(frozen=True)
class Accepted:
    """The accepted model, its run's date, and that run's customers, whom drift is measured from."""

    run_id: str
    as_of: date
    model: Model
    customers: pd.DataFrame
    silhouette: float
    config: Config


def accept(archive: Path, run_id: str, now: datetime) -> str:
    """Make the fresh fit of a run the archive's model; returns which of its files that is.

    Raises
    ------
    RunError
        The run's model is missing or damaged.
    """
    folder = archive / run_id
    name = "challenger" if (folder / "challenger.json").exists() else "model"
    read_model(folder / f"{name}.json")
    with open_state(archive) as state, transaction(state):
        state.execute(
            "INSERT INTO acceptance (run_id, model, accepted_at) VALUES (?, ?, ?)", (run_id, name, now.isoformat())
        )
    return name


def accepted_run(archive: Path) -> tuple[str, str] | None:
    """Id of the run whose model is accepted and which of its files it is; None where none was accepted yet."""
    if not archive.is_dir():
        return None
    with open_state(archive) as state:
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
    config = Config.model_validate(manifest.config)
    return Accepted(run_id, manifest.as_of, read_model(folder / f"{name}.json"), customers, silhouette, config)


@dataclass(frozen=True)
class Following:
    """How a run stands to the accepted model.

    `known` is None where there is none or it is about other customers; `holds` where its segments are
    kept; `sentences` say why they are not.
    """

    known: Accepted | None = None
    holds: bool = False
    sentences: tuple[str, ...] = ()


def follow(archive: Path, table: FeatureTable, config: Config) -> Following:
    """Whether the customers of `table` are placed by the accepted model of `archive`.

    Raises
    ------
    RunError
        The accepted model is missing or damaged.
    """
    known = accepted(archive) if config.history.follow else None
    if known is None:
        return Following()
    share = shared_customers(known.customers["customer_id"].to_numpy(dtype=np.str_), table.customer_id)
    missing = [name for name in known.model.preparation.names if name not in table.names]
    if share < SAME_CUSTOMERS or missing:
        lack = f"lacks {', '.join(missing)}" if missing else f"shares only {share:.0%} of its customers"
        return Following(
            sentences=(
                f"This export {lack} with the accepted model's run {known.run_id}, so this run stands alone. "
                "Another business belongs into another archive (-o).",
            )
        )
    if _settings(config) != _settings(known.config):
        return Following(
            known,
            sentences=(
                f"The settings of the segmentation differ from those of the accepted model's run {known.run_id}, so this "
                "run has segments of its own. `segmenter runs accept` makes them the archive's.",
            ),
        )
    return Following(known, holds=True)


def _settings(config: Config) -> tuple[object, ...]:
    """What decides a segmentation beside the data."""
    kmeans = config.kmeans.model_copy(update={"names": {}, "n_init": 1, "bootstraps": 0})
    return kmeans, config.prepare, config.features.use


def shared_customers(ours: NDArray[np.str_], theirs: NDArray[np.str_]) -> float:
    """Share of the smaller set of distinct ids that is in both."""
    smaller = min(len(ours), len(theirs))
    return len(np.intersect1d(ours, theirs, assume_unique=True)) / smaller if smaller else 0.0
