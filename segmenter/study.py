"""Which analysis is given what: a feature table in, findings and the tables of a run out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmenter.analysis import comparison, dbscan, hierarchy, kmeans, maps, mixture, rfm, themes
from segmenter.analysis.cards import build as build_cards
from segmenter.analysis.customers import Customers, Described, Format
from segmenter.analysis.explain import Explained, explain, jury, severity, stake
from segmenter.analysis.findings import (
    Comparison,
    Findings,
    HierarchyFinding,
    MixtureFinding,
    Reason,
    RfmFinding,
    SegmentCard,
    Theme,
)
from segmenter.analysis.mixture import memberships
from segmenter.analysis.prepare import prepare
from segmenter.analysis.silhouette import silhouette_profiles
from segmenter.analysis.types import Anomalies, CustomerMap, Floats, Ints, Prepared, Segmentation
from segmenter.config import Config
from segmenter.features.types import Baskets, FeatureTable

EvidenceOf = Callable[[list[str]], Mapping[str, str]]
ANOMALY_COLUMNS = [
    "customer_id", "segment_name", "kind", "severity", "anomaly_score", "amount_at_stake", "jury", "reason",
    *(f"reason_{number}_{part}" for number in (1, 2, 3) for part in ("feature", "value", "usual")),
    "nearest_ordinary", "evidence",
]  # fmt: skip


@dataclass(frozen=True)
class Study:
    """What was found, and the tables of a run (see `segmenter.runs.types`)."""

    findings: Findings
    customers: pd.DataFrame
    segments: pd.DataFrame
    anomalies: pd.DataFrame


@dataclass(frozen=True)
class _Core:
    """The prepared customers, their segments and the anomalies among them."""

    table: FeatureTable
    prepared: Prepared
    segmentation: Segmentation
    anomalies: Anomalies
    severity: Floats
    votes: Ints


def study(table: FeatureTable, baskets: Baskets | None, evidence: EvidenceOf, config: Config) -> Study:
    """Segments, anomalies and the other readings of the same customers.

    `evidence` gives the transactions behind customers in words, by customer id.
    """
    core = _core(table, config)
    show = _formatter(config)
    cards = build_cards(_described(core), core.segmentation, config.kmeans.names, show, config.engine.seed)
    explained = explain(table.values, table.features, core.prepared.anomalies, core.anomalies, core.severity, show)
    flagged = [str(table.customer_id[row]) for row in explained.rows]
    with ThreadPoolExecutor(1) as beside:  # the maps take as long as everything else together
        drawing = beside.submit(_map, core, config)
        tree, side, soft = _other_readings(core, config)
        found_themes = _themes(core, baskets, config)
        proof = evidence(flagged)
        seen = drawing.result()
    scores, rfm_names, quintiles = _rfm(core)
    findings = Findings(
        preparation=core.prepared.preparation,
        choice=core.segmentation.choice,
        silhouettes=silhouette_profiles(core.segmentation.silhouette, core.segmentation.labels),
        cards=cards,
        anomalies=core.anomalies.finding,
        hierarchy=tree,
        map=seen.finding,
        comparison=side,
        rfm=quintiles,
        mixture=soft,
        themes=found_themes,
        separation=_separation(core, cards),
        centroids=tuple(tuple(float(value) for value in row) for row in core.segmentation.centroids),
    )
    customers = _customers(core, cards, seen, explained, scores, rfm_names, config)
    return Study(findings, customers, _segments(cards), _anomalies(core, cards, explained, proof, show))


def _core(table: FeatureTable, config: Config) -> _Core:
    seed = config.engine.seed
    prepared = prepare(
        table.values,
        table.names,
        config.prepare,
        use=_known(config.features.use, table),
        anomalies_use=_known(config.features.anomalies_use, table),
        seed=seed,
    )
    value = table.column("monetary") if "monetary" in table.names else None
    segmentation = kmeans.segment(prepared.segments, config.kmeans, seed, value)
    anomalies = dbscan.detect(prepared.anomalies, prepared.anomaly_names, config.dbscan)
    votes = jury(prepared.anomalies, prepared.segments, segmentation, anomalies)
    return _Core(
        table, prepared, segmentation, anomalies, severity(anomalies, stake(table.values, table.features)), votes
    )


def _known(names: tuple[str, ...], table: FeatureTable) -> tuple[str, ...]:
    """The features of `names` that this export gives."""
    return tuple(name for name in names if name in table.names and np.isfinite(table.column(name)).any())


def _described(core: _Core) -> Customers:
    return Customers(
        core.table.values,
        core.table.features,
        core.prepared.segments,
        core.prepared.preparation.names,
        core.anomalies.is_anomaly,
    )


def _formatter(config: Config) -> Format:
    """Values in words for the tables: ``168,470 EUR``, ``61 days``, ``38 %``."""
    currency = f" {config.report.currency}" if config.report.currency else ""

    def show(feature: Described, value: float) -> str:
        if feature.kind == "share":
            return f"{value:.0%}"
        if feature.kind == "money":
            return f"{value:,.0f}{currency}" if abs(value) >= 100 else f"{value:,.2f}{currency}"
        digits = 0 if feature.kind in {"days", "count"} and (abs(value) >= 10 or float(value).is_integer()) else 1
        unit = feature.unit.removesuffix("s") if value == 1 else feature.unit
        return f"{value:,.{digits}f} {unit}".rstrip()

    return show


def _map(core: _Core, config: Config) -> CustomerMap:
    return maps.build(
        core.prepared.segments,
        core.prepared.preparation.names,
        core.anomalies.is_anomaly,
        perplexity=config.views.perplexity,
        sample_size=config.views.tsne_sample,
        seed=config.engine.seed,
    )


def _other_readings(core: _Core, config: Config) -> tuple[HierarchyFinding, Comparison, MixtureFinding | None]:
    """The hierarchical view, the methods side by side on its sample, and the Gaussian mixtures."""
    seed, segmentation, matrix = config.engine.seed, core.segmentation, core.prepared.segments
    tree = hierarchy.build(
        matrix,
        segmentation.labels,
        segmentation.centroids,
        method=config.views.linkage,
        metric=config.views.metric,
        sample_size=config.views.hierarchy_sample,
        seed=seed,
    )
    rows = tree.sample
    side = comparison.compare(
        matrix[rows], segmentation.labels[rows], tree.labels, core.anomalies.labels[rows], segmentation.n_clusters, seed
    )
    counts = tuple(point.n_clusters for point in segmentation.choice.points)
    soft = mixture.fit(matrix, segmentation.labels, counts, seed) if config.views.mixture and counts else None
    return tree.finding, side, soft


def _rfm(core: _Core) -> tuple[Ints, list[str], RfmFinding]:
    recency, frequency, monetary = (core.table.column(name) for name in ("recency", "frequency", "monetary"))
    return rfm.score(recency, frequency, monetary, core.segmentation.labels, core.segmentation.n_clusters)


def _themes(core: _Core, baskets: Baskets | None, config: Config) -> tuple[Theme, ...]:
    if baskets is None:
        return ()
    place = {customer: row for row, customer in enumerate(core.table.customer_id)}
    rows = np.array([place.get(customer, -1) for customer in baskets.customer_id], dtype=np.int64)
    labels = np.where(rows >= 0, core.segmentation.labels[rows], -1)
    n_clusters = core.segmentation.n_clusters
    return themes.find(baskets.counts, baskets.products, labels, n_clusters, config.views.themes, config.engine.seed)


def _separation(core: _Core, cards: tuple[SegmentCard, ...]) -> tuple[str, ...]:
    """How far the segmentation can be trusted, in sentences."""
    choice = core.segmentation.choice
    sentences = [choice.reason]
    shaky = [card.name for card in cards if card.stability is not None and card.stability < 0.6]
    if shaky:
        sentences.append(
            f"Resamples do not find these segments reliably: {', '.join(shaky)}. Read them as a description."
        )
    if choice.points and choice.n_silhouette < len(core.table.customer_id):
        sentences.append(f"Silhouettes were measured on a sample of {choice.n_silhouette:,} customers.")
    return tuple(sentences)


def _customers(
    core: _Core,
    cards: tuple[SegmentCard, ...],
    seen: CustomerMap,
    explained: Explained,
    scores: Ints,
    rfm_names: list[str],
    config: Config,
) -> pd.DataFrame:
    labels = core.segmentation.labels
    names = np.array([card.name for card in cards], dtype=object)
    reasons = np.full(len(labels), None, dtype=object)
    reasons[explained.rows] = [_joined(each) for each in explained.reasons]
    table = pd.DataFrame({"customer_id": core.table.customer_id.astype(str)})
    values = pd.DataFrame(core.table.values, columns=list(core.table.names))
    found = {
        "segment": labels,
        "segment_name": names[labels].astype(str),
        "silhouette": core.segmentation.silhouette,
        **_soft(core, names, config),
        **{name: scores[:, at] for at, name in enumerate(("r_score", "f_score", "m_score"))},
        "rfm_segment": rfm_names,
        "dbscan_role": core.anomalies.role.astype(str),
        "dbscan_cluster": core.anomalies.labels,
        "rare_group": core.anomalies.rare_group,
        "is_anomaly": core.anomalies.is_anomaly,
        "anomaly_score": core.anomalies.score,
        "severity": core.severity.round(1),
        "anomaly_reason": reasons,
        "jury": core.votes,
        **_places(seen, len(labels)),
    }
    return pd.concat([table, values, pd.DataFrame(found)], axis=1)


def _soft(core: _Core, names: np.ndarray, config: Config) -> dict[str, np.ndarray]:
    """Soft membership of the own segment and the segment that comes second."""
    if not config.views.mixture or core.segmentation.n_clusters < 2:
        return {}
    own, second = memberships(core.prepared.segments, core.segmentation.labels)
    return {"membership": own, "second_segment": names[second].astype(str)}


def _places(seen: CustomerMap, n: int) -> dict[str, np.ndarray]:
    """Places on the maps, NaN for customers outside the sample."""
    columns = {
        **{f"tsne_{axis}": seen.tsne2[:, at] for at, axis in enumerate("xy")},
        **{f"tsne3_{axis}": seen.tsne3[:, at] for at, axis in enumerate("xyz")},
        **{f"pca_{axis}": seen.pca2[:, at] for at, axis in enumerate("xy")},
    }
    places = {name: np.full(n, np.nan) for name in columns}
    for name, values in columns.items():
        places[name][seen.sample] = values
    return places


def _joined(reasons: tuple[Reason, ...]) -> str:
    text = "; ".join(reason.text for reason in reasons)
    return text[:1].upper() + text[1:]


def _segments(cards: tuple[SegmentCard, ...]) -> pd.DataFrame:
    plain = (
        "label", "name", "customers", "customer_share", "revenue", "revenue_share", "stability", "action", "avoid", "rule"
    )  # fmt: skip
    rows = [
        {name: getattr(card, name) for name in plain}
        | {f"median_{name}": value for name, value in card.medians.items()}
        for card in cards
    ]
    return pd.DataFrame(rows)


def _anomalies(
    core: _Core,
    cards: tuple[SegmentCard, ...],
    explained: Explained,
    evidence: Mapping[str, str],
    show: Format,
) -> pd.DataFrame:
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
            known[f"reason_{number}_usual"] = f"{show(feature, reason.usual_low)} to {show(feature, reason.usual_high)}"
        nearest = explained.nearest[at]
        known["nearest_ordinary"] = str(ids[nearest]) if nearest >= 0 else ""
        known["evidence"] = evidence.get(str(ids[row]), "")
        rows.append(known)
    return pd.DataFrame(rows, columns=ANOMALY_COLUMNS)
