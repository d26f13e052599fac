"""The numbers behind every chart as a table, and the SQL that each figure of the report starts from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import pandas as pd

from segmenter.analysis.concentration import revenue_curve
from segmenter.features.catalogue import CATALOGUE
from segmenter.runs.types import Run

CUSTOM = "features.folder"  # in the place of queries of the team's own


def numbers(run: Run, figure: str) -> pd.DataFrame:
    """What the chart `figure` draws, one row per mark (a bar, a point of a line, a customer, a cell).

    Raises
    ------
    KeyError
        No chart has this id.
    """
    return NUMBERS[figure](run)


def queries(run: Run, figure: str) -> tuple[str, ...]:
    """Files of ``queries/`` that a chart's or table's numbers start from; none where they come from no query."""
    named = QUERIES.get(re.sub(r"-\d+$", "", figure))  # a long table goes on as medians-2, medians-3, ...
    if named is not None:
        return named
    if figure in OF_ODDITY:
        return _feature_queries(run.findings.anomalies.names)
    if figure in OF_MONEY:
        return _feature_queries(("monetary",))
    return _feature_queries(run.findings.preparation.names) if figure in OF_SEGMENTS else ()


def _feature_queries(names: Iterable[str]) -> tuple[str, ...]:
    """The query that each of these features comes from, once."""
    wanted = set(names)
    found = [
        f"queries/{query}.sql"
        for query, features in CATALOGUE.items()
        if wanted & {feature.name for feature in features}
    ]
    known = {feature.name for features in CATALOGUE.values() for feature in features}
    return (*found, *((CUSTOM,) if wanted - known else ()))


ALL_FEATURES = tuple(f"queries/{query}.sql" for query in CATALOGUE)
OF_SEGMENTS = {
    "profile", "heat", "map-tsne", "map-pca", "k-criteria", "silhouette", "mixture", "dendrogram", "importance",
    "two-best", "sweep", "firmness", "methods", "loadings", "merges", "splits", "linkages", "between", "model-fit", "drift",
}  # fmt: skip
OF_ODDITY = {"k-distance", "odd-by-segment"}
OF_MONEY = {"shares", "concentration", "overview"}
QUERIES = {
    "strip": ("queries/period_totals.sql", *_feature_queries(("monetary",))),
    "cards": ALL_FEATURES,
    **dict.fromkeys(("rfm", "rfm-segments", "rfm-cuts", "rfm-disagree"), _feature_queries(("recency", "frequency", "monetary"))),
    **dict.fromkeys(("quiet", "largest"), _feature_queries(("monetary", "mean_gap"))),
    "themes": ("queries/baskets.sql",),
    "moves": ("queries/period_revenue.sql",),
    "moves-money": ("queries/period_revenue.sql",),
    "bridge": ("queries/period_revenue.sql",),
    "segment-changes": ("queries/period_revenue.sql",),
    "segment-money": ("queries/period_revenue.sql",),
    "held-out": ("queries/lifetime_history.sql", "queries/lifetime_holdout.sql"),
    "held-out-periods": ("queries/lifetime_history.sql", "queries/lifetime_periods.sql"),
    "to-come": ("queries/lifetime_history.sql",),
    "months": ("queries/period_months.sql",),
    "cohorts": ("queries/period_cohorts.sql",),
    "account": ("queries/intake_lines.sql", "queries/intake_account.sql"),
    "medians": ALL_FEATURES,
    "features": ALL_FEATURES,
    "anomalies": (
        *ALL_FEATURES, "queries/evidence_orders.sql", "queries/evidence_returns.sql", "queries/evidence_spell.sql",
    ),
}  # fmt: skip


def _shares(run: Run) -> pd.DataFrame:
    return run.segments[["segment", "segment_name", "customers", "customer_share", "revenue", "revenue_share"]]


def _profile(run: Run) -> pd.DataFrame:
    """The mean in standard units of each used feature."""
    rows = [(card.name, name, value) for card in run.findings.cards for name, value in card.profile.items()]
    return pd.DataFrame(rows, columns=["segment", "feature", "standard_units"])


def _heat(run: Run) -> pd.DataFrame:
    rows = [
        (card.name, name, card.medians[name], value)
        for card in run.findings.cards
        for name, value in card.profile.items()
        if name in card.medians
    ]
    return pd.DataFrame(rows, columns=["segment", "feature", "median", "standard_units"])


def _places(run: Run, *columns: str) -> pd.DataFrame:
    return run.customers.dropna(subset=list(columns))[["customer_id", "segment_name", "is_anomaly", *columns]]


def _criteria(run: Run) -> pd.DataFrame:
    points = run.findings.choice.points
    names = ("n_clusters", "inertia", "silhouette", "davies_bouldin", "calinski_harabasz", "stability", "reference")
    return pd.DataFrame([[getattr(point, name) for name in names] for point in points], columns=list(names))


def _silhouettes(run: Run) -> pd.DataFrame:
    names = {card.label: card.name for card in run.findings.cards}
    rows = [(names[each.label], value) for each in run.findings.silhouettes for value in each.values]
    return pd.DataFrame(rows, columns=["segment", "silhouette"])


def _mixtures(run: Run) -> pd.DataFrame:
    mixture = run.findings.mixture
    if mixture is None:
        return pd.DataFrame(columns=["components"])
    return pd.DataFrame({"components": mixture.n_clusters, **{f"bic_{name}": bic for name, bic in mixture.bic.items()}})


def _tree(run: Run) -> pd.DataFrame:
    """The joins of the tree in the form of scipy's linkage matrix."""
    return pd.DataFrame(run.findings.hierarchy.tree, columns=["one", "other", "distance", "leaves"])


def _crosswalk(run: Run) -> pd.DataFrame:
    rfm = run.findings.rfm
    names = [card.name for card in run.findings.cards]
    return pd.DataFrame(rfm.crosswalk, columns=names).assign(rfm_segment=rfm.names)[["rfm_segment", *names]]


def _themes(run: Run) -> pd.DataFrame:
    names = [card.name for card in run.findings.cards]
    rows = [(theme.name, *theme.segment_shares) for theme in run.findings.themes]
    return pd.DataFrame(rows, columns=["theme", *names])


def _moves(run: Run) -> pd.DataFrame:
    found = run.history.movement
    return pd.DataFrame(found.flows if found else [])


def _bridge(run: Run) -> pd.DataFrame:
    found = run.history.movement
    return pd.DataFrame(found.bridge if found else [])


def _held_out(run: Run) -> pd.DataFrame:
    found = run.findings.lifetime
    return pd.DataFrame(found.check.classes if found and found.check else [])


def _held_out_periods(run: Run) -> pd.DataFrame:
    found = run.findings.lifetime
    if found is None or found.check is None:
        return pd.DataFrame(columns=["period", "expected", "orders"])
    pairs = zip(found.check.period_expected, found.check.period_orders, strict=True)
    rows = [(number, *pair) for number, pair in enumerate(pairs, 1)]
    return pd.DataFrame(rows, columns=["period", "expected", "orders"])


def _months(run: Run) -> pd.DataFrame:
    period = run.manifest.period
    return pd.DataFrame({"month": period.months, "revenue": period.monthly_revenue})


def _cohorts(run: Run) -> pd.DataFrame:
    rows = [
        (cohort, after, share) for cohort, shares in run.manifest.period.cohorts for after, share in enumerate(shares)
    ]
    return pd.DataFrame(rows, columns=["cohort", "months_later", "share"])


def _concentration(run: Run) -> pd.DataFrame:
    curve = revenue_curve(run.customers["monetary"].to_numpy(float))
    return pd.DataFrame({"best_customers": [], "revenue_share": []} if curve is None else {
        "best_customers": range(len(curve)), "revenue_share": curve,
    })  # fmt: skip


def _k_distances(run: Run) -> pd.DataFrame:
    return pd.DataFrame({"distance": run.findings.anomalies.k_distances})


NUMBERS: dict[str, Callable[[Run], pd.DataFrame]] = {
    "shares": _shares,
    "profile": _profile,
    "heat": _heat,
    "map-tsne": lambda run: _places(run, "tsne_x", "tsne_y"),
    "map-pca": lambda run: _places(run, "pca_x", "pca_y"),
    "k-criteria": _criteria,
    "silhouette": _silhouettes,
    "mixture": _mixtures,
    "dendrogram": _tree,
    "k-distance": _k_distances,
    "rfm": _crosswalk,
    "themes": _themes,
    "moves": _moves,
    "moves-money": _moves,
    "bridge": _bridge,
    "held-out": _held_out,
    "held-out-periods": _held_out_periods,
    "months": _months,
    "cohorts": _cohorts,
    "concentration": _concentration,
}
