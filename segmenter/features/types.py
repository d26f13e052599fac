"""The feature table: one row per customer, and what each column means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["days", "count", "money", "share", "ratio"]


@dataclass(frozen=True)
class Feature:
    """A column of the feature table in a reader's words.

    `label` is a noun phrase ("days since the last order"), `unit` what stands behind a value
    ("days", "orders", "" for shares and ratios), `kind` how a value is formatted and
    `higher_is_better` which end is good for the business (None: neither).
    `missing` says what an empty value means ("only one order"), empty where none can be.
    """

    name: str
    label: str
    unit: str
    kind: Kind
    higher_is_better: bool | None
    missing: str = ""


@dataclass(frozen=True)
class FeatureTable:
    """Values per customer, sorted by customer id; NaN marks what is missing by nature.

    `customer_id` has shape (n_customers,), `values` (n_customers, n_features), float64,
    columns in the order of `features`.
    """

    customer_id: NDArray[np.str_]
    values: NDArray[np.float64]
    features: tuple[Feature, ...]
    as_of: date

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(feature.name for feature in self.features)

    def column(self, name: str) -> NDArray[np.float64]:
        """Values of one feature, shape (n_customers,)."""
        return self.values[:, self.names.index(name)]
