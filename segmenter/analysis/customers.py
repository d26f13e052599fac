"""Customers as the analyses that speak to a reader see them: raw values with what each feature means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from segmenter.analysis.types import Floats, Mask


class Described(Protocol):
    """What a card needs to know of a feature."""

    @property
    def name(self) -> str:
        """Name of the column."""

    @property
    def label(self) -> str:
        """Noun phrase for a reader."""

    @property
    def unit(self) -> str:
        """What stands behind a value: days, orders, nothing."""

    @property
    def kind(self) -> str:
        """days, count, money, share, ratio or change."""

    @property
    def least(self) -> int:
        """Where a count begins: 0 stands for all that are fewer; 0 where it stands for none."""


Format = Callable[[Described, float], str]


@dataclass(frozen=True)
class Customers:
    """What the cards are made from: raw `values` (n, p) of `features`, the prepared `matrix` (n, d) of `used`."""

    values: Floats
    features: Sequence[Described]
    matrix: Floats
    used: Sequence[str]
    is_anomaly: Mask

    def column(self, name: str, default: float = 0.0) -> Floats:
        """Raw values (n,) of a feature, `default` where it is missing or unknown."""
        names = [feature.name for feature in self.features]
        if name not in names:
            return np.full(len(self.values), default)
        return np.nan_to_num(self.values[:, names.index(name)], nan=default)

    @cached_property
    def standing(self) -> dict[str, Floats]:
        """Where each customer stands (n,) in what names a segment, as in `segmenter.analysis.names.Standing`.

        Cached, as it does not depend on the segments and the ranks take a second for half a million customers.
        """
        tenure, frequency = self.column("tenure"), self.column("frequency")
        return {
            "frequent": _rank(frequency),
            "valuable": _rank(self.column("monetary")),
            "basket": _rank(self.column("average_order_value")),
            "lateness": self._lateness(),
            "age": tenure / max(float(tenure.max()), 1.0),
            "days": tenure,
            "orders": frequency,
        }

    def _lateness(self) -> Floats:
        """Time since the last order, in gaps between orders: the customer's own typical gap, or everybody's if that is longer.

        Where nobody has ordered twice, half of the median time since the last order stands in for everybody's gap.
        """
        recency, own = self.column("recency", default=np.inf), self.column("mean_gap")
        typical = float(np.median(own[own > 0])) if (own > 0).any() else float(np.median(recency)) / 2
        return recency / np.maximum(np.maximum(own, typical), 1.0)


def _rank(values: Floats) -> Floats:
    """Ranks (n,) from 0 to 1, equal values sharing the mean of theirs."""
    from scipy.stats import rankdata

    return (rankdata(values) - 0.5) / max(len(values), 1)
