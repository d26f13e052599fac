"""Segments for the customers of a run: fitted anew, or those of the accepted model with a fresh fit beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from segmenter.analysis import cards, kmeans
from segmenter.analysis.customers import Customers
from segmenter.analysis.findings import KChoice, Preparation
from segmenter.analysis.types import Floats, Ints, Mask, Prepared, Segmentation
from segmenter.config import Config
from segmenter.features.types import FeatureTable
from segmenter.runs.acceptance import Accepted, Following
from segmenter.runs.continuity import continuity
from segmenter.runs.history import Continuity
from segmenter.runs.identity import Identity, identify
from segmenter.runs.model import place
from segmenter.runs.types import Model


@dataclass(frozen=True)
class Placement:
    """Customers in segments, and what makes a segment the same from run to run.

    `segmentation` counts the segments that have customers from 0; `names` and `numbers` are theirs in
    that order. `matrix` (n, d) and `preparation` are the model's. `challenger` is the fresh fit beside
    a model that is held, `challenger_numbers` (n,) its segment per customer.
    """

    segmentation: Segmentation
    matrix: Floats
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
    fresh = _Fresh(segmentation, prepared, names)
    if following.known is None:
        return _alone(fresh, _first(names))
    positions, matrix = place(following.known.model, table)
    found = identify(following.known.model, positions, segmentation.labels, names, matrix)
    if not following.holds:
        return _alone(fresh, found)
    return _held(following.known, table, fresh, found, (positions, matrix), config)


def _first(names: tuple[str, ...]) -> Identity:
    """The identity of segments that have no past."""
    return Identity(tuple(range(len(names))), names, len(names), ())


def _model(fresh: _Fresh, identity: Identity) -> Model:
    centroids = tuple(tuple(map(float, row)) for row in fresh.segmentation.centroids)
    return Model(fresh.prepared.preparation, centroids, identity.names, identity.numbers, identity.next_number)


def _alone(fresh: _Fresh, identity: Identity) -> Placement:
    return Placement(
        fresh.segmentation,
        fresh.prepared.segments,
        fresh.prepared.preparation,
        identity.names,
        identity.numbers,
        _model(fresh, identity),
    )


def _held(
    known: Accepted, table: FeatureTable, fresh: _Fresh, identity: Identity, placed: tuple[Ints, Floats], config: Config
) -> Placement:
    positions, matrix = placed
    inhabited = np.unique(positions)
    centroids = np.array(known.model.centroids)[inhabited]
    chosen = fresh.segmentation.choice
    held = kmeans.hold(matrix, centroids, chosen, config.kmeans, config.engine.seed)
    held = replace(held, choice=_kept(held.choice, chosen, known))
    numbers, fresh_numbers = np.array(known.model.numbers), np.array(identity.numbers)[fresh.segmentation.labels]
    silhouettes = _mean(held.silhouette), _mean(fresh.segmentation.silhouette)
    told = tuple(replace(match, name=_shown(match.name, config)) for match in identity.matches)
    return Placement(
        held,
        matrix,
        known.model.preparation,
        tuple(known.model.names[at] for at in inhabited),
        tuple(int(numbers[at]) for at in inhabited),
        known.model,
        _model(fresh, identity),
        fresh_numbers,
        continuity(known, table, numbers[positions], fresh_numbers, told, silhouettes),
    )


def _mean(silhouette: Floats) -> float:
    """Mean of the silhouettes that were measured, NaN where none was."""
    measured = silhouette[np.isfinite(silhouette)]
    return float(measured.mean()) if len(measured) else float("nan")


def _kept(held: KChoice, fresh: KChoice, known: Accepted) -> KChoice:
    reason = (
        f"The {len(known.model.names)} segments of the accepted model ({known.as_of}) are kept, so that they mean the "
        f"same as before. Chosen anew: {fresh.reason}"
    )
    return replace(held, reason=reason)


def _shown(name: str, config: Config) -> str:
    """The team's own name for a segment, where it has one."""
    return config.kmeans.names.get(name, name)


def shown_names(names: Sequence[str], config: Config) -> tuple[str, ...]:
    """The segments' names as the report shows them: the team's own where it has one.

    A name of the team's that another segment has by rule is told apart from it by the name that it replaces.
    """
    told = [_shown(name, config) for name in names]
    return tuple(
        f"{shown} ({name})" if shown != name and told.count(shown) > 1 else shown
        for name, shown in zip(names, told, strict=True)
    )
