"""A made-up run, plausible by the types, for looking at pages without an analysis.

Its sentences are such as an analysis writes, so that every one of them can be told in another language.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

import numpy as np
import pandas as pd

from segmenter.analysis.findings import (
    AnomalyFinding,
    Findings,
    KChoice,
    KPoint,
    Preparation,
    SegmentCard,
    SilhouetteProfile,
)
from segmenter.analysis.lifetime_types import (
    BgNbd,
    GammaGamma,
    HoldoutCheck,
    HoldoutClass,
    LifetimeFinding,
    SegmentLifetime,
)
from segmenter.analysis.reading_types import (
    Comparison,
    HierarchyFinding,
    LinkageFinding,
    MapFinding,
    Method,
    MixtureFinding,
    RfmFinding,
    Split,
    Theme,
)
from segmenter.config import Config
from segmenter.features.catalogue import CATALOGUE
from segmenter.intake.types import AccountLine, Reading, Recognition, RowAccount
from segmenter.runs.types import Manifest, Model, Period, Run
from segmenter.study.tables import segments_table
from tests.plain import plain

USED = ("recency", "frequency", "monetary", "average_order_value", "tenure", "mean_gap")
NAMES = (
    "Best customers", "Loyal regulars", "New customers", "Good customers drifting away", "One-time buyers, long gone",
    "Occasional buyers",
    *(f"Best customers, with fewer orders, group {number}" for number in range(7, 13)),
)  # fmt: skip
FEATURES = tuple(feature for features in CATALOGUE.values() for feature in features)
RFM_NAMES = ("Champions", "Loyal", "Potential Loyalist", "At Risk", "Hibernating", "Lost")


def made_up_run(n_customers=600, n_segments=5, n_anomalies=14, seed=3):
    """A run of `n_customers` in `n_segments`, the most valuable first; its tables are the caller's to change."""
    made = _made(n_customers, n_segments, n_anomalies, seed)
    tables = {name: getattr(made, name).copy() for name in ("customers", "segments", "anomalies", "rejected")}
    return replace(made, **tables)


@cache  # to make one takes longer than most tests do with it
def _made(n_customers, n_segments, n_anomalies, seed):
    rng = np.random.default_rng(seed)
    labels = np.sort(rng.integers(0, n_segments, n_customers))
    labels[:n_segments] = np.arange(n_segments)
    customers = _customers(rng, labels, n_anomalies)
    anomalies = _anomalies(customers)
    cards = tuple(_card(customers, label) for label in range(n_segments))
    segments = segments_table(cards)
    rejected = pd.DataFrame(
        {"file": ["export.csv"], "line": [17], "reason": ["date is not a date"], "text": ["17850;x;2,55"]}
    )
    findings = _findings(rng, customers, cards)
    centroids = ((0.0,) * len(USED),) * n_segments
    model = Model(findings.preparation, centroids, NAMES[:n_segments], tuple(range(n_segments)), n_segments)
    return Run(_manifest(customers), findings, customers, segments, anomalies, rejected, model)


def silent(run, n):
    """`run` with regulars who order every ten days: the first `n` were silent for 50 days, the others ordered yesterday."""
    recency = np.where(np.arange(len(run.customers)) < n, 50.0, 1.0)
    days = {"mean_gap": 10.0, "longest_gap": 20.0, "recency": recency, "tenure": recency + 100}
    return replace(run, customers=run.customers.assign(**days))


def bare_run():
    """The least a run can hold: twelve customers, one segment, nothing found and nothing measured."""
    run = made_up_run(12, 1, 0)
    nan = float("nan")
    found = run.findings
    card = replace(found.cards[0], profile={}, importance=(), stability=None, rule="", rule_precision=nan)
    choice = replace(
        found.choice, points=(), votes={}, runner_up=None, is_clear=False, n_clusters=1, cluster_stability=()
    )
    findings = replace(
        found,
        choice=choice,
        silhouettes=(),
        cards=(card,),
        anomalies=replace(found.anomalies, k_distances=(), n_noise=0, n_rare=0, eps=nan),
        hierarchy=replace(found.hierarchy, tree=(), leaf_sizes=(), leaf_segments=(), linkages=(), merges=()),
        map=replace(found.map, pca_explained=(), pca_loadings=(), kl_divergence=nan, trustworthiness=nan),
        comparison=Comparison((), "The customers do not fall into groups, so no method can be preferred."),
        mixture=None,
        themes=(),
        separation=(),
        lifetime=None,
    )
    period = replace(run.manifest.period, months=(), monthly_revenue=(), cohorts=(), cohort_sizes=())
    customers = run.customers.assign(
        tsne_x=nan, tsne_y=nan, tsne3_x=nan, tsne3_y=nan, tsne3_z=nan, pca_x=nan, pca_y=nan, silhouette=nan
    )
    return replace(run, findings=findings, customers=customers, manifest=replace(run.manifest, period=period))


def _customers(rng, labels, n_anomalies):
    n = len(labels)
    level = labels.max() - labels + 1.0
    frequency = np.ceil(rng.lognormal(0.4 * level, 0.5))
    order_value = rng.lognormal(4.6 + 0.15 * level, 0.5)
    values = {
        "recency": np.ceil(rng.exponential(160 / level) + 1),
        "frequency": frequency,
        "monetary": frequency * order_value,
        "average_order_value": order_value,
        "tenure": rng.integers(10, 373, n).astype(float),
        "mean_gap": np.where(frequency > 1, rng.exponential(60, n) + 3, np.nan),
        "return_share": rng.beta(1, 20, n),
    }
    for feature in FEATURES:
        values.setdefault(feature.name, rng.lognormal(1, 0.6, n))
    frame = pd.DataFrame(
        {"customer_id": [f"{12346 + i}" for i in range(n)], **{f.name: values[f.name] for f in FEATURES}}
    )
    frame["segment"] = labels
    frame["segment_name"] = [NAMES[label] for label in labels]
    frame["silhouette"] = rng.normal(0.35, 0.2, n).clip(-0.4, 0.9)
    frame["membership"] = rng.uniform(0.4, 1, n)
    frame["second_segment"] = [NAMES[label] for label in (labels + 1) % (labels.max() + 1)]
    frame["second_membership"] = 1 - frame["membership"]
    for score, feature in (("r_score", "recency"), ("f_score", "frequency"), ("m_score", "monetary")):
        frame[score] = (1 + 5 * frame[feature].rank(pct=True)).astype(int).clip(1, 5)
    frame["rfm_segment"] = [RFM_NAMES[(label + i % 2) % 6] for i, label in enumerate(labels)]
    frame["rfm_disagrees"] = np.arange(len(labels)) % 2 == 1
    return _with_map(rng, _with_anomalies(rng, frame, n_anomalies))


def _with_anomalies(rng, frame, n_anomalies):
    odd = np.zeros(len(frame), dtype=bool)
    odd[rng.choice(len(frame), n_anomalies, replace=False)] = True
    frame["dbscan_role"] = np.where(odd, "noise", "core")
    frame["dbscan_cluster"] = np.where(odd, -1, 0)
    frame["rare_group"] = False
    frame["is_anomaly"] = odd
    frame["anomaly_score"] = np.where(odd, rng.exponential(1.5, len(frame)) + 1, 0.0)
    frame["severity"] = np.where(odd, rng.uniform(30, 100, len(frame)), 0.0)
    frame["anomaly_reason"] = np.where(
        odd,
        "Got 99% of their money back; most customers nothing; spent 4,310 GBP; a typical customer spends 0.00 GBP",
        "",
    )
    frame["jury"] = np.where(odd, rng.integers(2, 6, len(frame)), 0)
    return frame


def _with_map(rng, frame):
    angle = frame["segment"] * 2.4
    frame["tsne_x"] = 30 * np.cos(angle) + rng.normal(0, 7, len(frame))
    frame["tsne_y"] = 30 * np.sin(angle) + rng.normal(0, 7, len(frame))
    for axis in ("tsne3_x", "tsne3_y", "tsne3_z", "pca_x", "pca_y"):
        frame[axis] = 4 * frame["segment"] + rng.normal(0, 2, len(frame))
    frame.loc[frame.index[-1], ["tsne_x", "tsne_y", "tsne3_x", "tsne3_y", "tsne3_z", "pca_x", "pca_y"]] = np.nan
    return frame


def _anomalies(customers):
    odd = customers[customers["is_anomaly"]].sort_values("severity", ascending=False)
    frame = pd.DataFrame(
        {
            "customer_id": odd["customer_id"],
            "segment_name": odd["segment_name"],
            "kind": "noise",
            "severity": odd["severity"],
            "anomaly_score": odd["anomaly_score"],
            "amount_at_stake": odd["monetary"],
            "jury": odd["jury"],
            "reason": odd["anomaly_reason"],
        }
    )
    for number, feature in ((1, "largest_order"), (2, "frequency"), (3, "return_share")):
        frame[f"reason_{number}_feature"] = next(known.label for known in FEATURES if known.name == feature)
        frame[f"reason_{number}_value"] = odd[feature]
        frame[f"reason_{number}_usual"] = "20 to 900"
    frame["nearest_ordinary"] = "12399"
    frame["evidence"] = (
        "Largest orders: 77,183.60 GBP on 2011-01-18 10:01 (order 541431, 74,215 pieces). "
        "Largest returns: 77,183.60 GBP on 2011-01-18 10:17 (cancelled, 74,215 pieces of MEDIUM CERAMIC TOP STORAGE JAR)."
    )
    return frame.reset_index(drop=True)


def _card(customers, label):
    own = customers[customers["segment"] == label]
    share = len(own) / len(customers)
    return SegmentCard(
        label=label,
        name=NAMES[label],
        summary="Typically 12 orders in total, last order 5 days ago, 4,310 GBP spent.",
        customers=len(own),
        customer_share=share,
        revenue=float(own["monetary"].sum()),
        revenue_share=float(own["monetary"].sum() / customers["monetary"].sum()),
        medians={f.name: float(own[f.name].median()) for f in FEATURES},
        overall={f.name: float(customers[f.name].median()) for f in FEATURES},
        profile={name: 1.5 - label * 0.6 + 0.1 * i * (-1) ** i for i, name in enumerate(USED)},
        importance=(("recency", 0.31), ("monetary", 0.22), ("frequency", 0.12)),
        rule="days since the last order: at most 45 and orders: at least 6",
        rule_precision=0.91,
        rule_recall=0.84,
        rule_tried=len(customers),
        stability=0.93 - 0.1 * label,
        stability_words="highly stable: recurs in nearly every resample",
        action="Reward them first: early access, a named contact, a say in the product range.",
        avoid="Discounts; they buy anyway.",
        n_anomalies=int(own["is_anomaly"].sum()),
        movable=0.1 * (label + 1),
    )


def _findings(rng, customers, cards):
    k = len(cards)
    sizes = tuple(card.customers for card in cards)
    return Findings(
        preparation=_preparation(),
        choice=_choice(k),
        silhouettes=tuple(
            SilhouetteProfile(i, tuple(sorted(rng.normal(0.35, 0.2, 100).clip(-0.4, 0.9), reverse=True)), 0.35)
            for i in range(k)
        ),
        cards=cards,
        anomalies=_anomaly_finding(rng, customers),
        hierarchy=_hierarchy(rng, k),
        map=MapFinding(
            len(customers),
            30.0,
            1.12,
            0.96,
            USED,
            (0.58, 0.19),
            (tuple(rng.normal(0, 0.4, 6)), tuple(rng.normal(0, 0.4, 6))),
            (0.93, {card.label: 0.97 - 0.02 * card.label for card in cards}),
        ),
        comparison=Comparison(
            (
                *tuple(
                    Method(name, k, sizes, 0, 0.31, 1.05, 812.0, 0.7, 0.68, len(customers))
                    for name in ("kmeans", "hierarchical", "bisecting", "mixture")
                ),
                Method("dbscan", 1, (len(customers) - 14,), 14, None, None, None, 0.02, 0.01, len(customers)),
            ),
            "The segments are barely separated (silhouette 0.31). K-Means suits this data as well as any method tried. DBSCAN "
            "finds one dense crowd; it is used to find anomalies, not segments.",
        ),
        rfm=_rfm(rng, customers, k),
        mixture=MixtureFinding(
            (2, 3, 4, 5, 6),
            {"full": (-10.0, -40.0, -60.0, -58.0, -50.0), "diag": (0.0, -20.0, -30.0, -35.0, -20.0)},
            "full",
            4,
            61,
            600,
            23,
        ),
        themes_fit=(0.18, 0.09),
        themes=tuple(
            Theme(
                f"Theme {i}",
                ("WHITE HANGING HEART", "LUNCH BAG RED", "JUMBO BAG"),
                0.25,
                tuple(rng.dirichlet(np.ones(k))),
            )
            for i in range(4)
        ),
        separation=(
            "The segments are barely separated (silhouette 0.31).",
            "Resamples do not find these segments reliably: One-time buyers, long gone. Treat them as a description only.",
        ),
        lifetime=_lifetime(cards),
    )


def _lifetime(cards):
    classes = tuple(HoldoutClass(n, 300 - 30 * n, 400.0 - 40 * n, 380.0 - 36 * n) for n in range(8))
    expected, came = sum(each.expected for each in classes), sum(each.actual for each in classes)
    segments = tuple(
        SegmentLifetime(card.label, card.customers, 0.4 * card.customers, 0.6 * card.customers, 250.0 * card.customers)
        for card in cards
    )
    return LifetimeFinding(
        30, 4300, 2800, "", "", BgNbd(0.67, 9.1, 0.11, 2.3), GammaGamma(2.3, 3.6, 434.0), 0.2,
        HoldoutCheck(124, expected, came, 0.09, 520_000.0, 540_000.0, classes, (520.0, 519.0), (400.0, 640.0)), segments,
        ("Tested on the last 124 days, the forecast expected 2,080 orders and 2,032 came.",),
    )  # fmt: skip


def _preparation():
    six = (0.0,) * 6
    return Preparation(
        USED, six, (None,) * 6, (None,) * 6, "log1p", (None,) * 6, six, (1.0,) * 6, None,
        ("mean_gap is missing for 120 of 600 customers and was filled with the median, 61.",
         "monetary: 12 of 600 values were outside 5 to 9,800 and were set to the nearest limit (winsorize)."),
        ("log1p",) * 6, (), (), (1.0,) * 6,
    )  # fmt: skip


def _choice(k):
    points = tuple(
        KPoint(
            n,
            3000 / n**0.9,
            0.42 - 0.02 * n + 0.06 * (n == k),
            1.4 - 0.05 * n,
            900 - 30 * n,
            0.95 - 0.03 * n,
            0.3 - 0.01 * n,
            0.34 - 0.01 * n,
        )
        for n in range(2, 11)
    )
    votes = {"elbow": 4, "silhouette": k, "davies_bouldin": k, "calinski_harabasz": 2, "stability": k}
    return KChoice(
        points,
        votes,
        k,
        4,
        True,
        False,
        f"{k} segments: silhouette, Davies-Bouldin and stability (3 of 5 criteria) agree.",
        600,
        (0.9,) * k,
        0.21,
        crowd_silhouette=0.25,
    )


def _anomaly_finding(rng, customers):
    n, odd = len(customers), int(customers["is_anomaly"].sum())
    return AnomalyFinding(
        tuple(f.name for f in FEATURES), 1.74, 12, "the knee of the distances to neighbour number 12, on a logarithmic axis", "set in the configuration",
        tuple(sorted(rng.exponential(0.6, 300) + 0.4, reverse=True)), n, n - 2 * odd, odd, odd, 0, 1, (),
        3.4, 600, plain(*(f.name for f in FEATURES)),
    )  # fmt: skip


def _hierarchy(rng, k):
    from scipy.cluster.hierarchy import linkage

    leaves = rng.normal(0, 1, (20, 3)) + 3 * (np.arange(20) % k)[:, None]
    tree = linkage(leaves, "ward")
    return HierarchyFinding(
        "ward", "euclidean", 600, tuple(tuple(map(float, row)) for row in tree), (30,) * 20,
        tuple(int(i % k) for i in range(20)), float(tree[-k, 2] + 0.1) if k > 1 else 0.0,
        tuple(LinkageFinding(name, "euclidean", 0.7, 0.5, (300, 200, 100))
              for name in ("single", "complete", "average", "centroid", "ward")),
        ((4, 0, 1), (3, 2, 3)) if k > 3 else (), "Average linkage with Euclidean distance preserves the distances between customers best (cophenetic correlation 0.81); Ward linkage with Euclidean distance is shown.",
        (Split(2, "", ("1", "2"), (400, 200), (0, 1), (0.6, 0.9)), Split(3, "1", ("1.1", "1.2"), (250, 150), (0, 2), (0.8, 0.7)))
        if k > 2 else (), 500,
    )  # fmt: skip


def _rfm(rng, customers, k):
    counts = pd.crosstab(customers["rfm_segment"], customers["segment"]).reindex(RFM_NAMES, fill_value=0)
    revenue = customers.groupby("rfm_segment")["monetary"].sum().reindex(RFM_NAMES, fill_value=0.0)
    return RfmFinding(
        {"recency": (20.0, 50.0, 120.0, 240.0), "frequency": (1.0, 2.0, 4.0, 8.0), "monetary": (200.0, 400.0, 900.0, 2000.0)},
        "Customers with equal values get equal scores, by their average rank; those who ordered no more than once score 1 in orders, however many they are.", RFM_NAMES, tuple(int(n) for n in counts.sum(axis=1)),
        tuple(float(x) for x in revenue), tuple(tuple(int(n) for n in row) for row in counts.to_numpy()), 0.41, 133,
    )  # fmt: skip


def _manifest(customers):
    months = tuple(f"2011-{m:02d}" for m in range(1, 13))
    cohorts = tuple(
        (month, tuple([1.0] + [0.4 / (j + 1) ** 0.3 for j in range(11 - i)])) for i, month in enumerate(months)
    )
    revenue = float(customers["monetary"].sum())
    period = Period(
        date(2011, 1, 3), date(2011, 12, 9), 541909, int(customers["frequency"].sum()), len(customers), revenue, months,
        tuple(revenue * share / 100 for share in (6, 5, 7, 5, 8, 7, 7, 7, 11, 12, 15, 10)), cohorts,
        0, tuple(range(80, 68, -1)), tuple(0.4 / after**0.3 for after in range(1, 7)),
    )  # fmt: skip
    return Manifest(
        "20261123T080000Z-7f3a", datetime(2026, 11, 23, 8, tzinfo=UTC), date(2011, 12, 10), 42, Config().model_dump(mode="json"),
        {"segmenter": "0.1.0", "python": "3.11.2", "scikit-learn": "1.9.1", "duckdb": "2.0.0"},
        tuple(Reading(f"2011-{i:02d}.csv", f"{i:064x}", 4_200_000, 45_000, "utf-8, comma-separated, 8 columns") for i in range(1, 13)),
        Recognition({"customer": "CustomerID", "time": "InvoiceDate", "quantity": "Quantity", "price": "UnitPrice"},
                    {"customer": "its name", "time": "its name and content"}, ("Country",)),
        RowAccount(541_909, Decimal("9747747.93"), (
            AccountLine("sale", "sales", 397_884, Decimal("8911407.90"), True),
            AccountLine("return", "returns and partial refunds", 8_000, Decimal("-400000.00"), True),
            AccountLine("no_customer", "no customer", 135_080, Decimal("1447682.12"), False),
            AccountLine("cancelled", "sales cancelled in full later", 900, Decimal("-211342.09"), False),
            AccountLine("unreadable", "could not be read (see rejected.csv)", 45, None, False),
        ), ("25% of the rows name no customer; the segments do not cover them.",)),
        FEATURES, period, {"reading the export": 2.31, "describing customers": 1.2, "finding segments and anomalies": 8.4},
        {"reading the export": 310.5, "describing customers": 402.0, "finding segments and anomalies": 655.25},
    )  # fmt: skip
