"""Customers as the analyses that speak to a reader see them: raw values with what each feature means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
        """days, count, money, share or ratio."""

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
