"""What accepting a run's fresh segments would change: who would move, and how well both models fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from segmenter.analysis.silhouette import mean_silhouette
from segmenter.analysis.types import Ints
from segmenter.errors import RunError, UsageError
from segmenter.features.types import FeatureTable
from segmenter.runs.acceptance import Accepted, accepted
from segmenter.runs.archive import read
from segmenter.runs.continuity import continuity
from segmenter.runs.customers import other_customers, other_money
from segmenter.runs.history import Continuity
from segmenter.runs.identity import Identity, identify, renamed
from segmenter.runs.model import place
from segmenter.runs.types import Model, Run, ids_of

MOVES = ("customer_id", "number_before", "segment_before", "number_now", "segment_now")


@dataclass(frozen=True)
class Proposal:
    """The fresh fit of a run beside the accepted model.

    `moves` has one row per customer who would move: customer_id, number_before, segment_before, number_now,
    segment_now. `continuity` is None where there is nothing to compare, and `why` says why.
    """

    run_id: str
    n_customers: int
    moves: pd.DataFrame
    continuity: Continuity | None
    why: str = ""


def propose(archive: Path, folder: Path, names: Mapping[str, str]) -> Proposal:
    """The fresh segments of the run in `folder`, beside the model that is accepted in `archive`.

    `names` are the team's own for segments, by the name given here.

    Raises
    ------
    UsageError
        The run is about other customers than the accepted model, or in another currency, or its segments were numbered
        after another model than the accepted one, so that numbers would change their meaning.
    RunError
        The run is missing or damaged.
    """
    run = read(folder)
    fit = run.challenger or run.model
    known, why = None, "No model is accepted yet."
    try:
        known = accepted(archive)
    except RunError as error:  # accepting another model is the way out
        why = str(error)
    if known is not None and fit != known.model:
        return _beside(known, run, fit, names)
    if known is not None:
        why = "These segments are the archive's already: nobody moves."
    return Proposal(folder.name, len(run.customers), pd.DataFrame(columns=list(MOVES)), None, why)


def _beside(known: Accepted, run: Run, fit: Model, names: Mapping[str, str]) -> Proposal:
    """The proposal that compares both models on the run's customers."""
    table = table_of(run)
    ours, theirs, this = run.manifest, known.config.report.currency, f"the run {run.manifest.run_id}"
    if why := (
        other_customers(known.run_id, known.drawn, run.drawn, this)
        or other_money(known.run_id, theirs, ours.currency, this)
    ):
        raise UsageError(why)
    (held, matrix), (fresh, own) = place(known.model, table), place(fit, table)
    found = identify(known.model, held, fresh, fit.names, matrix, known.next_number)
    _check_numbers(known, fit, found, run.manifest.run_id)
    before, now = np.array(known.model.numbers)[held], np.array(fit.numbers)[fresh]
    fits = mean_silhouette(own, held), mean_silhouette(own, fresh)
    moves = _moves(table, (known.model, before), (fit, now), names)
    beside = continuity(known, table, before, now, renamed(found.matches, names), fits, run.findings.choice)
    return Proposal(run.manifest.run_id, len(run.customers), moves, beside)


def table_of(run: Run) -> FeatureTable:
    """The features of a run's customers as the run saw them."""
    names = [feature.name for feature in run.manifest.features]
    values = run.customers[names].to_numpy(dtype=np.float64, na_value=np.nan)
    return FeatureTable(ids_of(run.customers), values, run.manifest.features, run.manifest.as_of)


def _check_numbers(known: Accepted, fit: Model, found: Identity, run_id: str) -> None:
    """Refuse a fit in which a matched segment has another number, or another segment has its number."""
    theirs = set(known.model.numbers)
    for number, right, name in zip(fit.numbers, found.numbers, fit.names, strict=True):
        if number != right and {number, right} & theirs:
            raise UsageError(
                f"The segments of run {run_id} were numbered before the model of run {known.run_id} was accepted, and "
                f"{name} would take another segment's number. Run again on the same export and accept that run."
            )


def _moves(
    table: FeatureTable, held: tuple[Model, Ints], fresh: tuple[Model, Ints], names: Mapping[str, str]
) -> pd.DataFrame:
    """Customers in another segment under the fresh model; each side is a model and the customers' numbers in it."""
    columns: dict[str, object] = {"customer_id": table.customer_id}
    for side, (model, numbers) in (("before", held), ("now", fresh)):
        called = {number: names.get(name, name) for number, name in zip(model.numbers, model.names, strict=True)}
        columns |= {f"number_{side}": numbers, f"segment_{side}": [called[number] for number in numbers]}
    moves = pd.DataFrame(columns)
    return moves[moves["number_before"] != moves["number_now"]].sort_values("customer_id", ignore_index=True)
