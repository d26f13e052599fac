"""A finished run, as the pipeline makes it and as the archive returns it.

docs/programs.md describes the columns of the tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmenter.analysis.findings import Findings, Preparation
from segmenter.config import Config, recorded_config
from segmenter.engine.drawn import Drawn
from segmenter.features.types import Feature, Period
from segmenter.intake.types import Reading, Recognition, RowAccount
from segmenter.runs.history import History

Ids = NDArray[np.str_]


def ids_of(customers: pd.DataFrame) -> Ids:
    """The ids (n,) of a table of customers."""
    return customers["customer_id"].to_numpy(dtype=np.str_)


@dataclass(frozen=True)
class Manifest:
    """run.json without the findings: where the run's numbers come from."""

    run_id: str
    started_at: datetime  # UTC
    as_of: date
    seed: int
    config: dict[str, Any]
    versions: dict[str, str]
    readings: tuple[Reading, ...]
    recognition: Recognition
    account: RowAccount
    features: tuple[Feature, ...]
    period: Period
    timings: dict[str, float]  # seconds per stage
    peaks: dict[str, float] = field(default_factory=dict)  # MiB per stage, where known

    @cached_property
    def settings(self) -> Config:
        """`config` as this version of segmenter reads it."""
        return recorded_config(self.config)

    @property
    def period_days(self) -> int:
        """Length of the period whose money movement compares."""
        return self.settings.history.period_days

    @property
    def period_end(self) -> date:
        """Last day of that period: the day before the run's, or that day where it has transactions itself."""
        return self.as_of if self.period.last_day == self.as_of else self.as_of - timedelta(days=1)

    @property
    def currency(self) -> str:
        """ISO 4217 code of the run's money, empty where neither configuration nor export name one."""
        return self.settings.report.currency

    @property
    def own_names(self) -> tuple[str, ...]:
        """The team's own names of segments."""
        return tuple(self.settings.kmeans.names.values())

    @property
    def has_empty_period(self) -> bool:
        """Whether the last `period_days` days have no transaction, so that their money reflects the export, not customers."""
        return self.period.age(self.as_of) > self.period_days


@dataclass(frozen=True)
class Model:
    """A segmentation as plain numbers: preparation, centroids (n_clusters, d) in prepared units, names and numbers.

    A segment keeps its number for life; `next_number` is one that no segment of the archive ever had.
    """

    preparation: Preparation
    centroids: tuple[tuple[float, ...], ...]
    names: tuple[str, ...]
    numbers: tuple[int, ...]
    next_number: int


@dataclass(frozen=True)
class Run:
    """A run's manifest, findings and tables, and its relation to earlier runs.

    `model` placed the customers; `challenger` is a fresh fit beside it, None where the model is fresh itself.
    """

    manifest: Manifest
    findings: Findings
    customers: pd.DataFrame
    segments: pd.DataFrame
    anomalies: pd.DataFrame
    rejected: pd.DataFrame
    model: Model
    challenger: Model | None = None
    history: History = field(default_factory=History)
    moves: pd.DataFrame | None = None
    alerts: pd.DataFrame | None = None

    @cached_property
    def drawn(self) -> Drawn:
        """Whom of all customers the run holds."""
        return Drawn(ids_of(self.customers), self.manifest.period.n_customers)
