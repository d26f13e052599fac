"""How much the customers have changed since those that a model was fitted on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segmenter.analysis.types import Floats
from segmenter.features.types import FeatureTable
from segmenter.runs.history import Drift

SHIFTED, DRIFTED = 0.1, 0.25  # the usual bands of the population stability index
FEWEST = 100  # customers, then and now; with fewer, chance alone can give any index
FAR = 0.25  # interquartile ranges
SHUFFLES, SHUFFLED = 100, 5_000  # how often, and at most how many customers of each side
LEAST_SHARE = 1e-4  # in place of an empty bin's share, whose logarithm would be infinite
HALF = 0.5  # the same in customers, where that is a larger share
BINS = 10
OF_THE_RECORD = ("tenure",)  # features that grow with the time on record, whatever customers do


def drift(then: pd.DataFrame, table: FeatureTable, names: Sequence[str]) -> tuple[Drift, ...]:
    """One `Drift` per feature of `names` that both have, the most drifted first.

    `then` holds the customers of the model's run in raw units, as in customers.parquet. Where the record is longer now,
    tenure is taken as a share of the longest one: it grows with the record, without any change in behaviour.
    """
    both = [name for name in names if name in then and name in table.names]
    found = [_of(name, then[name].to_numpy(dtype=np.float64, na_value=np.nan), table.column(name)) for name in both]
    return tuple(sorted(found, key=lambda each: (-each.psi, each.feature)))


def _of(name: str, then: Floats, now: Floats) -> Drift:
    medians = (float(np.median(known)) if len(known) else float("nan") for known in map(_known, (then, now)))
    if name in OF_THE_RECORD:
        now = now / max(_longest(now) / max(_longest(then), 1.0), 1.0)
    index, known_then, known_now = psi(then, now), _known(then), _known(now)
    verdict = _verdict(index, then, now)
    if verdict == "steady" and _moved_far(known_then, known_now):
        verdict = "shifted"
    return Drift(name, index, _distance(known_then, known_now), verdict, *medians)


def _known(values: Floats) -> Floats:
    return values[np.isfinite(values)]


def _longest(values: Floats) -> float:
    return float(_known(values).max(initial=0.0))


def _verdict(index: float, then: Floats, now: Floats) -> str:
    """The usual bands, beyond the 95 % quantile for two samples of one population."""
    if min(len(then), len(now)) < FEWEST:
        return "too few"
    beyond = index - by_chance(then, now)
    return "drifted" if beyond >= DRIFTED else "shifted" if beyond >= SHIFTED else "steady"


def by_chance(then: Floats, now: Floats) -> float:
    """The index that two samples of one population, of the sizes of `then` (n,) and `now` (m,), exceed once in 20 times.

    The 95th percentile of chi-squared with bins - 1 degrees of freedom times (1/n + 1/m) (Yurdakul and Naranjo 2020),
    over the non-empty bins.
    """
    from scipy.stats import chi2

    edges = _edges(then)
    filled = int(np.count_nonzero((_shares(then, edges) > 0) | (_shares(now, edges) > 0)))
    return float(chi2.ppf(0.95, max(filled - 1, 1)) * (1 / max(len(then), 1) + 1 / max(len(now), 1)))


def _moved_far(then: Floats, now: Floats) -> bool:
    """Whether values moved by `FAR` interquartile ranges on average and by more than chance; the index ignores the tail.

    By a permutation test at 5 % on at most `SHUFFLED` values of each side.
    """
    if not len(then) or not len(now) or _distance(then, now) < FAR:
        return False
    generator = np.random.default_rng(0)
    ours, theirs = (generator.choice(side, min(len(side), SHUFFLED), replace=False) for side in (then, now))
    found, both = _distance(ours, theirs), np.concatenate([ours, theirs])
    by_shuffle = (generator.permutation(both) for _ in range(SHUFFLES))
    return found > float(np.quantile([_distance(each[: len(ours)], each[len(ours) :]) for each in by_shuffle], 0.95))


def psi(then: Floats, now: Floats) -> float:
    """Population stability index of `now` (m,) against the tenths of `then` (n,); NaN has a bin of its own.

    sum over bins of (now - then) * log(now / then), in shares (Siddiqi 2006); an empty bin counts as 0.01 %, or as half
    a customer where that is more, as among few customers any bin may be empty by chance.
    """
    edges = _edges(then)
    before, after = (
        np.maximum(_shares(values, edges), max(LEAST_SHARE, HALF / max(len(values), 1))) for values in (then, now)
    )
    return float(((after - before) * np.log(after / before)).sum())


def _edges(then: Floats) -> Floats:
    """The distinct deciles of the known values."""
    known = _known(then)
    return np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.zeros(0)


def _shares(values: Floats, edges: Floats) -> Floats:
    known = np.isfinite(values)
    bins = np.where(known, np.searchsorted(edges, np.where(known, values, 0.0), side="left"), len(edges) + 1)
    return np.bincount(bins, minlength=len(edges) + 2) / max(len(values), 1)


def _distance(then: Floats, now: Floats) -> float:
    """Earth mover's distance in interquartile ranges of `then` (its standard deviation where that range is 0)."""
    from scipy.stats import wasserstein_distance

    if not len(then) or not len(now):
        return float("nan")
    low, high = np.quantile(then, [0.25, 0.75])
    scale = (high - low) or then.std() or 1.0
    return float(wasserstein_distance(then, now) / scale)
