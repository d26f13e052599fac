"""Customers of an export in the segments of an earlier run, without refitting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.config import Config
from segmenter.errors import DataError
from segmenter.intake.undecided import Doubt, UndecidedError, Way
from segmenter.pipeline import STAGES, Sources, load_files, named, silent
from segmenter.runs.history import Drift
from segmenter.runs.types import Manifest
from segmenter.workspace import workspace

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from segmenter.features.types import FeatureTable

SCORING = (*STAGES[:2], "placing customers")
PARTIAL = (
    "{known} of these customers are in the run {run} already, and {n} of them have fewer orders here than there. This export "
    "holds only part of their history, so regulars look new or gone: score one that holds all of it."
)


@dataclass(frozen=True)
class Scored:
    """Customers in the segments of an earlier run, and how far they have drifted from that run's.

    `customers` has one row per customer: customer_id, segment, segment_name, distance (to the centroid, prepared units).
    `notes` say what was ambiguous in the export and read as in the earlier run, and whether its history is partial.
    """

    customers: pd.DataFrame
    drift: tuple[Drift, ...]
    notes: tuple[str, ...] = ()


def score(sources: Sources, config: Config, folder: str | Path, *, tell: Callable[[str], None] = silent) -> Scored:
    """Customers of `sources`, however few, in the segments of the run in `folder`; `tell` is called with each of `SCORING`.

    Raises
    ------
    SegmenterError
        The run or its model is missing or damaged, or the sources lack a feature that it uses or are in other money.
    """
    import numpy as np
    import pandas as pd

    from segmenter import features, privacy
    from segmenter.runs import model
    from segmenter.runs.archive import read_document
    from segmenter.runs.drift import drift
    from segmenter.runs.tables import read_table
    from segmenter.study.placement import shown_names

    folder = Path(folder)
    known, manifest = model.read_model(folder / "model.json"), read_document(folder)[0]
    privacy.check(Path(config.engine.archive), config.privacy)
    features.check(config.features)
    with workspace(config) as connection:
        tell(SCORING[0])
        notes = _load(connection, named(sources) or config.source.paths, config, manifest)
        tell(SCORING[1])
        table = features.build(connection, config.features)
    tell(SCORING[2])
    labels, matrix = model.place(known, table)
    scored = pd.DataFrame(
        {
            "customer_id": table.customer_id,
            "segment": np.array(known.numbers)[labels],
            "segment_name": np.array(shown_names(known.names, config), dtype=object)[labels],
            "distance": np.linalg.norm(matrix - np.array(known.centroids)[labels], axis=1),
        }
    )
    theirs = read_table(folder / "customers.parquet")
    notes = (*notes, *_without_history(theirs, table, folder.name))
    return Scored(scored, drift(theirs, table, known.preparation.names), notes)


def _without_history(theirs: pd.DataFrame, table: FeatureTable, run_id: str) -> tuple[str, ...]:
    """A warning where most of the run's customers have fewer orders here: a partial history puts them in the wrong segment."""
    then = theirs.set_index("customer_id")["frequency"].reindex(table.customer_id).to_numpy()
    known, fewer = int((then == then).sum()), int((table.column("frequency") < then).sum())  # noqa: PLR0124 - NaN differs
    if fewer <= known / 2:
        return ()
    return (PARTIAL.format(n=f"{fewer:,}", known=f"{known:,}", run=run_id),)


def _load(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[str], config: Config, before: Manifest
) -> tuple[str, ...]:
    """Read `sources`, what is ambiguous as in the run `before`, and return sentences on that."""
    rules: dict[str, Any] = {"min_customers": 1}  # nothing is fitted, so that one customer is enough
    rules["currency"] = config.rules.currency or before.settings.rules.currency
    config = config.model_copy(update={"rules": config.rules.model_copy(update=rules)})
    notes: list[str] = []
    while True:
        try:
            intake, _ = load_files(connection, sources, config)
        except UndecidedError as error:
            for doubt in error.doubts:
                way = _as_before(doubt, before)
                if way is None:
                    raise
                config = config.model_copy(update={"source": config.source.model_copy(update=way.settings["source"])})
                notes.append(f"{doubt.what.removesuffix('.')}: read {way.when}, as in the run {before.run_id}.")
        else:
            _check_money(config.report.in_currency(intake.currency).currency, before)
            return tuple(notes)


def _as_before(doubt: Doubt, before: Manifest) -> Way | None:
    """The way to decide `doubt` as the run `before` did; None where it is not known or files were read in several ways."""
    read = [
        {"source": {key: getattr(reading, key)}} for reading in before.readings for key in ("date_order", "decimal")
    ]
    fitting = [way for way in doubt.ways if way.settings in read]
    return fitting[0] if len(fitting) == 1 else None


def _check_money(currency: str, before: Manifest) -> None:
    from segmenter.runs.customers import other_money

    if why := other_money(before.run_id, before.currency, currency, "the export"):
        raise DataError(f"{why} Convert the amounts first, or name a run in {currency} with --model.")
