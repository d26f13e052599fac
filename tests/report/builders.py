"""A made-up run that is plausible by the types, for tests of the pages alone."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd

from segmenter.analysis.findings import (
    AnomalyFinding,
    Comparison,
    Findings,
    HierarchyFinding,
    KChoice,
    KPoint,
    LinkageFinding,
    MapFinding,
    Method,
    MixtureFinding,
    Preparation,
    RfmFinding,
    SegmentCard,
    SilhouetteProfile,
    Theme,
)
from segmenter.features.catalogue import CATALOGUE
from segmenter.intake.types import AccountLine, Reading, Recognition, RowAccount
from segmenter.runs.types import Manifest, Period, Run

FEATURES = tuple(feature for group in CATALOGUE.values() for feature in group)
NAMES = ("Champions", "Loyal regulars", "Occasional buyers", "Slipping away", "One-time buyers", "New customers")
USED = ("recency", "frequency", "monetary", "average_order_value", "tenure", "return_share")


def make_run(n_customers=400, n_clusters=4, seed=7):
    """A run of `n_customers` customers in `n_clusters` segments; everything in it is invented."""
    rng = np.random.default_rng(seed)
    customers = _customers(rng, n_customers, n_clusters)
    cards = tuple(_card(customers, label) for label in range(n_clusters))
    return Run(
        manifest=_manifest(customers),
        findings=_findings(customers, cards),
        customers=customers,
        segments=_segments(cards),
        anomalies=_anomalies(customers),
        rejected=pd.DataFrame({"file": ["a.csv"], "line": [17], "reason": ["no date"], "text": ["x,y"]}),
    )


def _customers(rng, n, k):
    segment = np.sort(rng.integers(0, k, n)) if n >= 2 * k else np.arange(n) % k
    level = (k - segment) / k
    frame = {"customer_id": [f"{10000 + i}" for i in range(n)]}
    for feature in FEATURES:
        frame[feature.name] = _values(rng, feature, level, n)
    frame["segment"] = segment
    frame["segment_name"] = [NAMES[label] for label in segment]
    frame["silhouette"] = rng.normal(0.4, 0.2, n).clip(-1, 1)
    frame["membership"] = rng.uniform(0.5, 1, n)
    frame["second_segment"] = (segment + 1) % k
    for score in ("r_score", "f_score", "m_score"):
        frame[score] = rng.integers(1, 6, n)
    frame["rfm_segment"] = np.where(level > 0.5, "Champions", "At risk")
    odd = np.zeros(n, bool)
    odd[:: max(n // 12, 2)] = True
    frame["dbscan_role"] = np.where(odd, "noise", "core")
    frame["dbscan_cluster"] = np.where(odd, -1, 0)
    frame["rare_group"] = False
    frame["is_anomaly"] = odd
    frame["anomaly_score"] = np.where(odd, rng.uniform(1, 4, n), 0.0)
    frame["severity"] = np.where(odd, rng.uniform(30, 100, n), 0.0)
    frame["anomaly_reason"] = np.where(odd, "spent 168,470 in one order; a typical customer spends 674", "")
    frame["jury"] = np.where(odd, 4, 0)
    centre = rng.normal(0, 25, (k, 3))
    for axis, name in enumerate(("tsne_x", "tsne_y")):
        frame[name] = centre[segment, axis] + rng.normal(0, 5, n)
    for axis, name in enumerate(("tsne3_x", "tsne3_y", "tsne3_z")):
        frame[name] = centre[segment, axis] + rng.normal(0, 5, n)
    frame["pca_x"], frame["pca_y"] = centre[segment, 0] / 9, rng.normal(0, 2, n)
    return pd.DataFrame(frame)


def _values(rng, feature, level, n):
    if feature.kind == "share":
        return rng.uniform(0, 0.4, n)
    if feature.kind == "money":
        return np.exp(rng.normal(4, 0.6, n)) * (1 + 9 * level)
    if feature.name == "mean_gap":
        return np.where(rng.uniform(size=n) < 0.3, np.nan, rng.uniform(5, 90, n))
    return np.round(1 + rng.gamma(2, 8, n) * (1.5 - level if feature.name == "recency" else 0.3 + level))


def _card(customers, label):
    mine = customers[customers.segment == label]
    names = [feature.name for feature in FEATURES]
    spread = customers[names].std().fillna(1).replace(0, 1)
    revenue, total = float(mine.monetary.sum()), float(customers.monetary.sum())
    return SegmentCard(
        label=label,
        name=NAMES[label],
        summary=f"{len(mine)} customers who order often and spend well.",
        customers=len(mine),
        customer_share=len(mine) / len(customers),
        revenue=revenue,
        revenue_share=revenue / total,
        medians={name: float(mine[name].median()) for name in names},
        overall={name: float(customers[name].median()) for name in names},
        profile={
            name: float(((mine[name].mean() - customers[name].mean()) / spread[name]).item())
            if len(mine)
            else 0.0
            for name in USED
        },
        importance=(("monetary", 0.31), ("recency", 0.22), ("frequency", 0.07)),
        rule="money spent, net of returns > 812 and days since the last order <= 41",
        rule_precision=0.93,
        rule_recall=0.88,
        stability=0.82,
        stability_words="found again in most resamples",
        action="Invite them first: early access, a named contact, no discounts.",
        avoid="Do not teach them to wait for a price cut.",
        n_anomalies=int(mine.is_anomaly.sum()),
    )


def _segments(cards):
    return pd.DataFrame(
        [
            {
                "label": card.label,
                "name": card.name,
                "customers": card.customers,
                "customer_share": card.customer_share,
                "revenue": card.revenue,
                "revenue_share": card.revenue_share,
                "stability": card.stability,
                "action": card.action,
                "avoid": card.avoid,
                "rule": card.rule,
                **{f"median_{name}": value for name, value in card.medians.items()},
            }
            for card in cards
        ]
    )


def _anomalies(customers):
    odd = customers[customers.is_anomaly].sort_values("severity", ascending=False)
    frame = odd[["customer_id", "segment_name"]].assign(
        kind="noise",
        severity=odd.severity,
        anomaly_score=odd.anomaly_score,
        amount_at_stake=odd.monetary,
        jury=odd.jury,
        reason=odd.anomaly_reason,
        nearest_ordinary=customers.customer_id.iloc[-1],
        evidence="order 581483 on 9 December 2011: 80,995 pieces for 168,470",
    )
    for number in (1, 2, 3):
        frame[f"reason_{number}_feature"] = "largest_order"
        frame[f"reason_{number}_value"] = odd.largest_order
        frame[f"reason_{number}_usual"] = "120 to 1,900"
    return frame.reset_index(drop=True)


def _manifest(customers):
    months = tuple(f"2011-{month:02d}" for month in range(1, 13))
    revenue = float(customers.monetary.sum())
    return Manifest(
        run_id="20111210T080000Z-7f3a",
        started_at=datetime(2011, 12, 10, 8, tzinfo=UTC),
        as_of=date(2011, 12, 10),
        seed=42,
        config={"kmeans": {"n_clusters": "auto"}, "engine": {"seed": 42}},
        versions={"segmenter": "0.1.0", "scikit-learn": "1.9.1"},
        readings=(Reading("orders.csv", "ab" * 32, 123456, 541909, "comma, UTF-8"),),
        recognition=Recognition(
            {"customer": "CustomerID", "time": "InvoiceDate"}, {"customer": "by its name", "time": "by its content"}
        ),
        account=RowAccount(
            541909,
            Decimal("9747747.93"),
            (
                AccountLine("sale", "sales", 397884, Decimal("8911407.90"), used=True),
                AccountLine("no_customer", "rows without a customer", 135080, Decimal("1447682.12"), used=False),
                AccountLine("cancelled", "cancelled", 8945, Decimal("-611342.09"), used=False),
            ),
            ("A quarter of the rows name no customer.",),
        ),
        features=FEATURES,
        period=Period(
            date(2011, 1, 4),
            date(2011, 12, 9),
            397884,
            18532,
            len(customers),
            revenue,
            months,
            tuple(revenue / 12 * (1 + 0.3 * np.sin(month)) for month in range(12)),
            tuple((month, tuple(1 / (1 + later) for later in range(12 - at))) for at, month in enumerate(months)),
        ),
        timings={"reading the export": 1.2, "finding segments and anomalies": 3.4},
    )


def _findings(customers, cards):
    k, n = len(cards), len(customers)
    points = tuple(
        KPoint(c, 9000 / c, 0.5 - 0.02 * abs(c - k), 1 + 0.1 * abs(c - k), 900 - 30 * abs(c - k), 0.8)
        for c in range(2, 11)
    )
    return Findings(
        preparation=_preparation(),
        choice=KChoice(
            points,
            {"silhouette": k, "elbow": k, "davies_bouldin": 3},
            k,
            3,
            is_clear=True,
            is_pinned=False,
            reason=f"Most criteria point at {k} segments.",
            n_silhouette=n,
        ),
        silhouettes=tuple(
            SilhouetteProfile(c.label, tuple(np.linspace(0.7, -0.1, max(2, min(200, c.customers)))), 0.35)
            for c in cards
        ),
        cards=cards,
        anomalies=_anomaly_finding(customers),
        hierarchy=_hierarchy(k, n),
        map=MapFinding(n, 30.0, 30.0, 1.1, 0.97, USED, (0.41, 0.22), ((0.5,) * len(USED), (-0.3,) * len(USED))),
        comparison=_comparison(k, n),
        rfm=_rfm(k, n),
        mixture=MixtureFinding(
            tuple(range(2, 8)),
            {"full": tuple(9000 + 40 * abs(c - 4) for c in range(2, 8)), "diag": tuple(9200 + 9 * c for c in range(6))},
            "full",
            4,
            n // 10,
        ),
        themes=(
            Theme("Kitchen", ("cake tin", "jam jar", "spoon"), 0.6, (0.6,) * k),
            Theme("Garden", ("lantern", "trowel"), 0.4, (0.4,) * k),
        ),
        separation=("The segments overlap: they are slices of a continuum rather than separate kinds.",),
    )


def _preparation():
    m = len(USED)
    return Preparation(
        USED,
        (1.0,) * m,
        (None,) * m,
        (9.0,) * m,
        "auto",
        (None,) * m,
        (0.0,) * m,
        (1.0,) * m,
        None,
        None,
        ("12 empty values were filled with the median.",),
        ("log1p",) * m,
    )


def _anomaly_finding(customers):
    n, odd = len(customers), int(customers.is_anomaly.sum())
    curve = tuple(np.linspace(4, 0.3, 200) ** 2 / 4)
    return AnomalyFinding(
        USED, 0.9, 12, "the knee of the curve", "twice the number of figures", curve, n, n - odd, 0, odd, 0, 1, ()
    )


def _hierarchy(k, n):
    leaves = max(k, 8)
    tree = [(0.0, 1.0, 1.0, 2.0)]
    tree += [(float(leaves + step), float(step + 2), 1.5 + step, float(step + 3)) for step in range(leaves - 2)]
    return HierarchyFinding(
        "ward",
        "euclidean",
        min(n, 2000),
        tuple(tree),
        tuple(max(1, n // leaves) for _ in range(leaves)),
        tuple(leaf % k for leaf in range(leaves)),
        4.5,
        tuple(
            LinkageFinding(name, "euclidean", 0.7, 0.5, (n // 2, n - n // 2))
            for name in ("single", "complete", "average", "centroid", "ward")
        ),
        ((k - 1, 0, 1),) if k > 1 else (),
        "Ward gives segments of even size.",
    )


def _comparison(k, n):
    return Comparison(
        (
            Method("kmeans", k, (n,), 0, 0.41, 0.9, 812.0, 1.0, 1.0, n),
            Method("hierarchical", k, (n,), 0, 0.36, 1.1, 700.0, 0.66, 0.6, min(n, 2000)),
            Method("dbscan", 1, (n,), 12, None, None, None, 0.02, 0.05, n),
        ),
        "K-Means for segments, DBSCAN for the odd ones.",
    )


def _rfm(k, n):
    return RfmFinding(
        {"recency": (10.0, 30.0, 60.0, 120.0), "frequency": (1.0, 2.0, 4.0, 8.0), "monetary": (90.0, 300.0, 700.0, 2e3)},
        "equal values share a score",
        ("Champions", "At risk"),
        (n // 2, n - n // 2),
        (1000.0, 500.0),
        tuple((n // (2 * k),) * k for _ in range(2)),
        0.44,
        n // 5,
    )


def degenerate_run():
    """Three customers in one segment, nothing measured that needs more."""
    run = make_run(n_customers=3, n_clusters=1)
    findings = replace(
        run.findings,
        choice=replace(run.findings.choice, points=(), votes={}, n_clusters=1, runner_up=None, is_clear=False),
        silhouettes=(),
        hierarchy=replace(run.findings.hierarchy, tree=(), leaf_sizes=(), leaf_segments=(), linkages=(), merges=()),
        anomalies=replace(run.findings.anomalies, k_distances=(), n_noise=0),
        mixture=None,
        themes=(),
        separation=(),
    )
    customers = run.customers.assign(is_anomaly=False, tsne_x=np.nan, tsne_y=np.nan, pca_x=np.nan, silhouette=np.nan)
    return replace(run, findings=findings, customers=customers, anomalies=run.anomalies.iloc[:0])
