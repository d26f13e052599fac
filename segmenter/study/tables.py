"""The tables of a run (see `segmenter.runs.types`), from what was found."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segmenter.analysis.customers import Described, Format
from segmenter.analysis.explain import Explained
from segmenter.analysis.findings import Reason, SegmentCard
from segmenter.analysis.mixture import memberships
from segmenter.analysis.types import CustomerMap, Floats, Ints
from segmenter.config import Config
from segmenter.features.types import gained
from segmenter.study.core import Core
from segmenter.study.readings import Readings

ANOMALY_COLUMNS = [
    "customer_id", "segment_name", "kind", "severity", "anomaly_score", "amount_at_stake", "jury", "reason",
    *(f"reason_{number}_{part}" for number in (1, 2, 3) for part in ("feature", "value", "usual")),
    "nearest_ordinary", "evidence",
]  # fmt: skip


def formatter(config: Config) -> Format:
    """Values in words for the tables: ``168,470 EUR``, ``61 days``, ``38 %``."""
    currency = f" {config.report.currency}" if config.report.currency else ""

    def show(feature: Described, value: float) -> str:
        if feature.kind == "share":
            return f"{value:.0%}"
        if feature.kind == "change":
            return f"{gained(value):+,.0%}"
        if feature.kind == "money":
            return f"{value:,.0f}{currency}" if abs(value) >= 100 else f"{value:,.2f}{currency}"
        if feature.least and value == 0:
            return f"fewer than {feature.least} {feature.unit}"
        digits = 0 if feature.kind in {"days", "count"} and (abs(value) >= 10 or float(value).is_integer()) else 1
        unit = feature.unit.removesuffix("s") if value == 1 else feature.unit
        return f"{value:,.{digits}f} {unit}".rstrip()

    return show


def customers_table(
    core: Core,
    cards: tuple[SegmentCard, ...],
    explained: Explained,
    readings: Readings,
    period_revenue: Floats,
    config: Config,
) -> pd.DataFrame:
    """One row per customer, in the feature table's order."""
    labels = core.segmentation.labels
    names = np.array([card.name for card in cards], dtype=object)
    reasons = np.full(len(labels), None, dtype=object)
    reasons[explained.rows] = [_joined(each) for each in explained.reasons]
    columns = {
        "customer_id": core.table.customer_id.astype(object),
        **dict(zip(core.table.names, core.table.values.T, strict=True)),
        "period_revenue": period_revenue,
        "segment": np.array(core.placement.numbers)[labels],
        "segment_name": names[labels],
        **_challenger(core),
        "silhouette": core.segmentation.silhouette,
        **_soft(core, names, config),
        **{name: readings.rfm.scores[:, at] for at, name in enumerate(("r_score", "f_score", "m_score"))},
        "rfm_segment": readings.rfm.names,
        "rfm_disagrees": readings.rfm.disagrees,
        "dbscan_role": core.anomalies.role,
        "dbscan_cluster": core.anomalies.labels,
        "rare_group": core.anomalies.rare_group,
        "is_anomaly": core.anomalies.is_anomaly,
        "anomaly_score": core.anomalies.score,
        "severity": core.severity.round(1),
        "anomaly_reason": reasons,
        "jury": core.votes,
        **_to_come(readings),
        **_places(readings.map, len(labels)),
    }
    return pd.DataFrame(columns, copy=False)


def _challenger(core: Core) -> dict[str, Ints]:
    """The segment that a fresh fit would put the customer in, where a model is held."""
    numbers = core.placement.challenger_numbers
    return {} if numbers is None else {"challenger_segment": numbers}


def _soft(core: Core, names: np.ndarray, config: Config) -> dict[str, np.ndarray]:
    """Soft membership of the own segment, the second segment, and the membership of that."""
    if not config.views.mixture or core.segmentation.n_clusters < 2:
        return {}
    soft = memberships(core.matrix, core.segmentation.labels)
    return {
        "membership": soft.own,
        "second_segment": names[soft.second],
        "second_membership": soft.of_second,
    }


def _to_come(readings: Readings) -> dict[str, Floats]:
    """What to expect of the customer in the next period, NaN where the forecast is withheld."""
    if readings.lifetime is None:
        return {}
    forecast = readings.lifetime.forecast
    return {
        "p_active": forecast.p_active,
        "p_order": forecast.p_order,
        "expected_orders": forecast.orders,
        "expected_revenue": forecast.revenue,
    }


def _places(seen: CustomerMap, n: int) -> dict[str, np.ndarray]:
    """Places on the maps, NaN for customers outside the sample."""
    places = {}
    for name, drawn in (("tsne", seen.tsne2), ("tsne3", seen.tsne3), ("pca", seen.pca2)):
        for axis, values in zip("xyz", drawn.T, strict=False):
            places[f"{name}_{axis}"] = np.full(n, np.nan)
            places[f"{name}_{axis}"][seen.sample] = values
    return places


def _joined(reasons: tuple[Reason, ...]) -> str:
    text = "; ".join(reason.text for reason in reasons)
    return text[:1].upper() + text[1:]


def segments_table(cards: tuple[SegmentCard, ...]) -> pd.DataFrame:
    """One row per segment."""
    plain = ("customers", "customer_share", "revenue", "revenue_share", "stability", "action", "avoid", "rule")
    rows = [
        {"segment": card.label, "segment_name": card.name}
        | {name: getattr(card, name) for name in plain}
        | {f"median_{name}": value for name, value in card.medians.items()}
        for card in cards
    ]
    return pd.DataFrame(rows)


def anomalies_table(
    core: Core,
    cards: tuple[SegmentCard, ...],
    explained: Explained,
    evidence: Mapping[str, str],
    show: Format,
) -> pd.DataFrame:
    """The flagged customers, the most severe first, with reasons and evidence in words."""
    by_name = {feature.name: feature for feature in core.table.features}
    ids = core.table.customer_id
    rows = []
    for at, row in enumerate(explained.rows):
        known = {
            "customer_id": str(ids[row]),
            "segment_name": cards[core.segmentation.labels[row]].name,
            "kind": "rare group" if core.anomalies.rare_group[row] else "noise",
            "severity": round(float(core.severity[row]), 1),
            "anomaly_score": float(core.anomalies.score[row]),
            "amount_at_stake": float(explained.stake[at]),
            "jury": int(core.votes[row]),
            "reason": _joined(explained.reasons[at]),
        }
        for number, reason in enumerate(explained.reasons[at], 1):
            feature = by_name[reason.feature]
            known[f"reason_{number}_feature"] = feature.label
            known[f"reason_{number}_value"] = show(feature, reason.value)
            known[f"reason_{number}_usual"] = _range(feature, reason.usual_low, reason.usual_high, show)
        nearest = explained.nearest[at]
        known["nearest_ordinary"] = str(ids[nearest]) if nearest >= 0 else ""
        known["evidence"] = evidence.get(str(ids[row]), "")
        rows.append(known)
    return pd.DataFrame(rows, columns=ANOMALY_COLUMNS)


def _range(feature: Described, low: float, high: float, show: Format) -> str:
    """The usual range: one value or two, without the lower one where 0 stands for all smaller counts."""
    least, most = show(feature, low), show(feature, high)
    if least == most:
        return most
    return f"at most {most}" if feature.least and low == 0 else f"{least} to {most}"
