"""A finished run, as the pipeline makes it and as the archive gives it back.

Tables of a run
---------------
customers.parquet, sorted by customer_id, one row per customer:
    customer_id, every feature by name (raw units, NULL where missing), period_revenue (money of the last
    period_days days), segment (its number), segment_name, challenger_segment (its number under the fresh fit),
    silhouette, membership (soft, of the own segment), second_segment and second_membership where a mixture was fitted,
    r_score, f_score, m_score, rfm_segment, rfm_disagrees (with the segment that most of its RFM segment are in),
    dbscan_role, dbscan_cluster, rare_group, is_anomaly, anomaly_score, severity (0..100), anomaly_reason,
    jury (votes 0..5), p_active (chance of not having left), p_order, expected_orders and expected_revenue (of
    the next period_days days, before returns; NULL where the forecast is withheld), email_sha256 (where the export has
    addresses), tsne_x, tsne_y, tsne3_x,
    tsne3_y, tsne3_z, pca_x, pca_y (NULL outside the map's sample)
segments.parquet, one row per segment: segment, segment_name, customers, customer_share, revenue, revenue_share,
    stability, action, avoid, rule, and median_<feature> for every feature
anomalies.parquet, the flagged customers, most severe first: customer_id, segment_name, kind (noise | rare group),
    severity, anomaly_score, amount_at_stake, jury, reason, reason_1..3_feature/_value/_usual, nearest_ordinary,
    evidence (the transactions behind it, in words); anomalies.csv is the same for a spreadsheet,
    in which no text is a formula, with the column alert (new | ongoing | worsened)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmenter.analysis.findings import Findings, Preparation
from segmenter.config.history import HistoryConfig
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
    peaks: dict[str, float] = field(default_factory=dict)  # MiB per stage, where the system tells

    @property
    def period_days(self) -> int:
        """Days whose money movement is told in."""
        return int(self.config.get("history", {}).get("period_days", HistoryConfig().period_days))

    @property
    def currency(self) -> str:
        """ISO 4217 code of the run's money, empty where neither configuration nor export name one."""
        return str(self.config.get("report", {}).get("currency", ""))

    @property
    def has_empty_period(self) -> bool:
        """Whether no transaction is of the last `period_days` days, so that their money tells of the export alone."""
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
    """A run's manifest, findings and tables, and what it remembers of the runs before it.

    `model` placed the customers; `challenger` is a fresh fit beside it, None where the model is fresh itself.
    """

    manifest: Manifest
    findings: Findings
    customers: pd.DataFrame
    segments: pd.DataFrame
    anomalies: pd.DataFrame
    rejected: pd.DataFrame
    model: Model | None = None
    challenger: Model | None = None
    history: History = field(default_factory=History)
    moves: pd.DataFrame | None = None
    alerts: pd.DataFrame | None = None
