"""Segments for the customers of a run: fitted anew, or those of the accepted model with a fresh fit beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from segmenter.analysis import cards, kmeans
from segmenter.analysis.customers import Customers
from segmenter.analysis.findings import KChoice, Preparation
from segmenter.analysis.preparation import edge_notes
from segmenter.analysis.silhouette import mean_silhouette
from segmenter.analysis.types import Floats, Ints, Mask, Prepared, Segmentation
from segmenter.config import Config
from segmenter.features.types import FeatureTable
from segmenter.runs.acceptance import Accepted, Following
from segmenter.runs.continuity import continuity, outgrown_names
from segmenter.runs.history import Continuity
from segmenter.runs.identity import Identity, identify, renamed
from segmenter.runs.model import place
from segmenter.runs.types import Model

FEWEST_NEW, SHARE_NEW = 10, 0.1  # new customers, and their share of a segment, from which on they are looked at


@dataclass(frozen=True)
class Placement:
    """Customers in segments, and what makes a segment the same from run to run.

    `segmentation` counts the segments that have customers from 0; `names` and `numbers` are theirs in that order. `described`
    are the customers in the units of `preparation`, which is the model's. `challenger` is the fresh fit beside a model that is
    held, `challenger_numbers` (n,) its segment per customer.
    """

    segmentation: Segmentation
    described: Customers
    preparation: Preparation
    names: tuple[str, ...]
    numbers: tuple[int, ...]
    model: Model
    challenger: Model | None = None
    challenger_numbers: Ints | None = None
    continuity: Continuity | None = None


@dataclass(frozen=True)
class _Fresh:
    """Segments fitted on this run's customers alone."""

    segmentation: Segmentation
    prepared: Prepared
    names: tuple[str, ...]
    described: Customers


def place_customers(
    table: FeatureTable, prepared: Prepared, is_anomaly: Mask, following: Following, config: Config
) -> Placement:
    """Place the customers by the accepted model where the run follows one, else by a fresh fit.

    A fresh fit that knows an accepted model takes over the numbers and names of the segments that it finds again.
    """
    value = table.column("monetary") if "monetary" in table.names else None
    segmentation = kmeans.segment(prepared.segments, config.kmeans, config.engine.seed, value)
    used = Customers(table.values, table.features, prepared.segments, prepared.preparation.names, is_anomaly)
    names = cards.name(used, segmentation.labels, segmentation.n_clusters)
    fresh, known = _Fresh(segmentation, prepared, names, used), following.known
    if known is None:
        return _placed_afresh(fresh, _new_identity(names))
    positions, matrix = place(known.model, table)
    found = identify(known.model, positions, segmentation.labels, names, matrix, known.next_number)
    if not following.holds:
        return _placed_afresh(fresh, found)
    return _placed_by_model(known, table, fresh, found, (positions, matrix), config)


def _new_identity(names: tuple[str, ...]) -> Identity:
    """The identity of segments of a first run."""
    return Identity(tuple(range(len(names))), names, len(names), ())


def _model(fresh: _Fresh, identity: Identity) -> Model:
    centroids = tuple(tuple(map(float, row)) for row in fresh.segmentation.centroids)
    return Model(fresh.prepared.preparation, centroids, identity.names, identity.numbers, identity.next_number)


def _placed_afresh(fresh: _Fresh, identity: Identity) -> Placement:
    return Placement(
        fresh.segmentation,
        fresh.described,
        fresh.prepared.preparation,
        identity.names,
        identity.numbers,
        _model(fresh, identity),
    )


def _placed_by_model(
    known: Accepted, table: FeatureTable, fresh: _Fresh, identity: Identity, placed: tuple[Ints, Floats], config: Config
) -> Placement:
    positions, matrix = placed
    inhabited = np.unique(positions)
    centroids = np.array(known.model.centroids)[inhabited]
    chosen = fresh.segmentation.choice
    held = kmeans.hold(matrix, centroids, chosen, config.kmeans, config.engine.seed)
    held = replace(held, choice=_held_choice(held.choice, chosen, known))
    numbers, fresh_numbers = np.array(known.model.numbers), np.array(identity.numbers)[fresh.segmentation.labels]
    today = fresh.prepared.segments
    silhouettes = mean_silhouette(today, positions), mean_silhouette(today, fresh.segmentation.labels)
    names = tuple(known.model.names[at] for at in inhabited)
    matches = renamed(identity.matches, config.kmeans.names)
    found = continuity(known, table, numbers[positions], fresh_numbers, matches, silhouettes, chosen)
    seen = replace(fresh.described, matrix=matrix, used=known.model.preparation.names)
    outgrown = _outgrown(seen, held.labels, names, (table.as_of - known.as_of).days, config)
    return Placement(
        held,
        seen,
        _model_preparation(known, table),
        names,
        tuple(int(numbers[at]) for at in inhabited),
        known.model,
        _model(fresh, identity),
        fresh_numbers,
        replace(found, sentences=(*found.sentences, *outgrown)),
    )


def _model_preparation(known: Accepted, table: FeatureTable) -> Preparation:
    """The accepted model's preparation, with notes on the customers of this run."""
    preparation = known.model.preparation
    notes = edge_notes(preparation, np.column_stack([table.column(name) for name in preparation.names]))
    return replace(preparation, notes=(f"Figures are prepared as in the model of {known.as_of}.", *notes))


def _outgrown(today: Customers, labels: Ints, names: tuple[str, ...], days: int, config: Config) -> tuple[str, ...]:
    """Sentences on held segments whose name no longer suits their customers, or those new in the `days` since the model.

    None where all customers are in one segment, whose name suits any.
    """
    if len(names) == 1:
        return ()
    k, is_new = len(names), today.column("tenure", default=np.inf) <= days
    sizes, n_new = np.bincount(labels, minlength=k), np.bincount(labels[is_new], minlength=k)
    apart = is_new & (n_new >= np.maximum(FEWEST_NEW, SHARE_NEW * sizes))[labels]
    inhabited, parts = np.unique(labels + k * apart, return_inverse=True)
    part_names = dict(zip(inhabited.tolist(), cards.name(today, parts, len(inhabited)), strict=True))
    now = cards.name(today, labels, k)
    newer = [(at, int(n_new[at]), part_names[at + k]) for at in range(k) if at + k in part_names]
    return outgrown_names(names, now, newer, config.kmeans.names)


def _held_choice(held: KChoice, fresh: KChoice, known: Accepted) -> KChoice:
    n = len(known.model.names)
    kept = (
        f"The {n} segments of the accepted model ({known.as_of}) are kept, so that they mean the same as before."
        if n > 1
        else f"The customers are kept as one group, as in the accepted model ({known.as_of})."
    )
    return replace(held, reason=f"{kept} In a fresh fit: {fresh.reason}")


def shown_names(names: Sequence[str], config: Config) -> tuple[str, ...]:
    """The segments' names as the report shows them: the team's own where it has one.

    Where the team's name is also another segment's, the name by rule is added to tell the two apart.
    """
    shown = [config.kmeans.names.get(name, name) for name in names]
    return tuple(
        f"{own} ({name})" if own != name and shown.count(own) > 1 else own
        for name, own in zip(names, shown, strict=True)
    )
