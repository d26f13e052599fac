"""From raw features to the matrices that distances are taken in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from segmenter.analysis.findings import Preparation
from segmenter.analysis.order import by_content, draw
from segmenter.analysis.preparation import apply, transformed
from segmenter.analysis.reading_types import Curve
from segmenter.analysis.threads import workers
from segmenter.analysis.types import Floats, Mask, Prepared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segmenter.config.analysis import PrepareConfig

DONORS = 1000
FIT_SAMPLE = 100_000
FEW_NEGATIVE = 0.05
USUAL_LIMIT = {"none": 0.0, "winsorize": 0.01, "iqr": 1.5, "zscore": 3.0}
NORMAL_IQR = 1.349  # interquartile range of the standard normal distribution


def prepare(
    values: Floats,
    names: Sequence[str],
    config: PrepareConfig,
    *,
    use: Sequence[str] = (),
    anomalies_use: Sequence[str] = (),
    units: Sequence[float] = (),
    seed: int = 0,
) -> Prepared:
    """Both matrices of a run, from raw features (n_customers, n_features); NaN marks a missing value.

    `use` names the features of the segments and `anomalies_use` those searched for anomalies
    (empty: all). `units` (n_features,) is the value of each that counts as 1 before a logarithm is taken
    (empty: 1), so that amounts mean the same in every currency. Constant features are dropped and named in the notes.
    The anomalies' matrix is filled, transformed (log1p) and scaled to standard units, never clipped or projected.
    """
    unit = dict(zip(names, units or np.ones(len(names)), strict=True))
    wanted = tuple(use) or tuple(names)
    searched = tuple(anomalies_use) or tuple(names)

    def fitted(features: tuple[str, ...], how: PrepareConfig) -> tuple[Preparation, Floats]:
        table = _columns(values, names, features)
        table = table[by_content(table)]  # so that no sum depends on the order of customers
        preparation = _fit(table, features, unit, how, seed)
        del table
        return preparation, apply(preparation, _columns(values, names, preparation.names))

    with workers() as pool:
        ours = pool.submit(fitted, wanted, config)
        search, anomalies = pool.submit(fitted, searched, _for_anomalies(config)).result()
        preparation, segments = ours.result()
    return Prepared(segments=segments, anomalies=anomalies, preparation=preparation, search=replace(search, notes=()))


def _for_anomalies(config: PrepareConfig) -> PrepareConfig:
    return config.model_copy(update={"outliers": "none", "transform": "log1p", "scaling": "standard", "pca": None})


def _columns(values: Floats, names: Sequence[str], wanted: Sequence[str]) -> Floats:
    """A copy of the columns wanted; what is not finite is missing."""
    columns = values[:, [list(names).index(name) for name in wanted]]
    columns[~np.isfinite(columns)] = np.nan
    return columns


def _fit(
    table: Floats, names: tuple[str, ...], units: Mapping[str, float], config: PrepareConfig, seed: int
) -> Preparation:
    """Every number that `apply` needs, learnt from these customers.

    Fences, transforms, centers and scales are learnt from the known values alone: imputed values must not make these
    look extreme.
    """
    fill, imputed = _fill(table, names, config)
    varies = _varying(table, fill)
    dropped = tuple(f"{name} is the same for every customer and was left out." for name in _selected(names, ~varies))
    if not varies.all():
        names, table, fill = _selected(names, varies), table[:, varies], fill[varies]
    donors = _donors(table, config, seed)
    lower, upper, clipped = _limits(table, names, config)
    bare = Preparation(
        names=names,
        fill=_curve(fill),
        lower=lower,
        upper=upper,
        transform=config.transform,
        lambdas=(None,) * len(names),
        center=(0.0,) * len(names),
        scale=(1.0,) * len(names),
        components=None,
        notes=(*dropped, *imputed, *clipped),
        transforms=("none",) * len(names),
        donors=donors,
        leeway=(),
        units=tuple(float(units[name]) for name in names),
    )
    return _with_components(_with_scale(_with_transform(bare, table, config), table, config), table, config)


def _varying(table: Floats, fill: Floats) -> Mask:
    """True for features (d,) that are not the same for every customer; column by column, to avoid a copy of the table."""
    filled = (np.where(np.isnan(column), value, column) for column, value in zip(table.T, fill, strict=True))
    return np.array([len(column) > 0 and np.ptp(column) > 0 for column in filled], dtype=bool)


def _selected(names: tuple[str, ...], mask: np.ndarray) -> tuple[str, ...]:
    return tuple(name for name, is_selected in zip(names, mask, strict=True) if is_selected)


def _curve(values: Floats) -> Curve:
    return tuple(float(value) for value in values)


def _fill(table: Floats, names: tuple[str, ...], config: PrepareConfig) -> tuple[Floats, tuple[str, ...]]:
    """The value for what is missing, per feature, and a sentence for each feature that needs it."""
    missing = np.isnan(table)
    known = np.where(missing.all(axis=0), config.constant, table)
    fill = np.full(table.shape[1], config.constant)
    if config.imputation != "constant" and len(table):
        fill = np.nanmean(known, axis=0) if config.imputation == "mean" else np.nanmedian(known, axis=0)
        low = np.nanmin(known, axis=0)
        fill = np.where(low == np.nanmax(known, axis=0), low, fill)  # a mean of equal values may differ from them
    how = "from the five most similar customers" if config.imputation == "knn" else f"with the {config.imputation}"
    notes = tuple(
        f"{name} is missing for {count:,} of {len(table):,} customers and was filled {how}"
        + ("." if config.imputation == "knn" else f", {value:,.4g}.")
        for name, count, value in zip(names, missing.sum(axis=0), fill, strict=True)
        if count
    )
    return fill, notes


def _donors(table: Floats, config: PrepareConfig, seed: int) -> tuple[Curve, ...]:
    """A sample of customers without gaps, for KNN imputation; drawn from sorted rows."""
    if config.imputation != "knn" or not np.isnan(table).any():
        return ()
    complete = table[~np.isnan(table).any(axis=1)]
    return tuple(_curve(row) for row in complete[draw(len(complete), DONORS, seed)])


def _known(matrix: Floats, table: Floats) -> list[Floats]:
    """The columns of `matrix` without the rows where `table`, of the same shape, has no value."""
    return [column[~np.isnan(raw)] for column, raw in zip(matrix.T, table.T, strict=True)]


def _limits(
    table: Floats, names: tuple[str, ...], config: PrepareConfig
) -> tuple[tuple[float | None, ...], tuple[float | None, ...], tuple[str, ...]]:
    """Fences per feature, None where there are none, and a sentence for each feature with values beyond."""
    none = (None,) * len(names)
    if config.outliers == "none" or not len(table):
        return none, none, ()
    limit = USUAL_LIMIT[config.outliers] if config.outlier_limit is None else config.outlier_limit
    fences = [_fence(column, config.outliers, limit) for column in _known(table, table)]
    beyond = [
        int(((column < low) | (column > high)).sum()) for column, (low, high) in zip(table.T, fences, strict=True)
    ]
    notes = tuple(
        f"{name}: {count:,} of {len(table):,} values were outside {bottom:,.4g} to {top:,.4g} and were set to the "
        f"nearest limit ({config.outliers})."
        for name, count, (bottom, top) in zip(names, beyond, fences, strict=True)
        if count
    )
    return tuple(_edge(low) for low, _ in fences), tuple(_edge(high) for _, high in fences), notes


def _edge(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _fence(column: Floats, outliers: str, limit: float) -> tuple[float, float]:
    """Lowest and highest value that is not clipped; infinite where fences that coincide would make the feature constant."""
    if outliers == "zscore":
        low, high = column.mean() - limit * column.std(), column.mean() + limit * column.std()
    elif outliers == "iqr":
        quarter, three = np.quantile(column, (0.25, 0.75))
        low, high = quarter - limit * (three - quarter), three + limit * (three - quarter)
    else:
        low, high = np.quantile(column, (limit, 1 - limit))
    return (float(low), float(high)) if low < high else (-np.inf, np.inf)


def _with_transform(bare: Preparation, table: Floats, config: PrepareConfig) -> Preparation:
    """The transform per feature: log1p (signed, so that net refunds stay negative) only where it lessens the skew."""
    columns = _known(apply(bare, table), table)
    if config.transform == "yeo-johnson":
        lambdas = tuple(_power(column) for column in columns)
        return replace(bare, transforms=("yeo-johnson",) * len(lambdas), lambdas=lambdas)
    if config.transform == "log1p":
        return replace(bare, transforms=tuple("log1p" if _helped_by_log(column) else "none" for column in columns))
    return bare


def _power(column: Floats) -> float:
    """The maximum-likelihood exponent (Yeo and Johnson 2000), on at most 100,000 customers, even over their ranks."""
    from scipy.stats import yeojohnson_normmax

    return float(yeojohnson_normmax(np.sort(column)[:: 1 + len(column) // FIT_SAMPLE]))


def _helped_by_log(column: Floats) -> bool:
    """Whether values are hardly ever negative and less skewed on a logarithmic axis."""
    from scipy.stats import skew

    if not np.ptp(column) or (column < 0).mean() > FEW_NEGATIVE:
        return False
    return abs(float(skew(transformed(column, "log1p", None)))) < abs(float(skew(column)))


def _with_scale(preparation: Preparation, table: Floats, config: PrepareConfig) -> Preparation:
    matrix = apply(preparation, table)
    if not len(matrix):
        return preparation
    found = [
        _location(column, filled, config.scaling)
        for column, filled in zip(_known(matrix, table), matrix.T, strict=True)
    ]
    center, scale = np.array(found).reshape(-1, 2).T
    return replace(preparation, center=_curve(center), scale=_curve(scale))


def _location(column: Floats, filled: Floats, scaling: str) -> tuple[float, float]:
    """Center and scale of a feature's known values.

    A robust scale of zero (most customers alike) falls back on the standard one, a scale of zero
    where all known values are one on that of the values as filled.
    """
    if scaling == "minmax":
        center, spread = column.min(), float(np.ptp(column))
    elif scaling == "standard":
        center, spread = column.mean(), _deviation(column)
    else:
        low, center, high = np.quantile(column, (0.25, 0.5, 0.75))
        spread = (high - low) / NORMAL_IQR
    return float(center), next(
        (float(scale) for scale in (spread, _deviation(column), _deviation(filled)) if scale > 0), 1.0
    )


def _deviation(values: Floats) -> float:
    """Standard deviation, exactly 0 where all values are equal, whose mean may differ from them by rounding."""
    return float(values.std()) if np.ptp(values) > 0 else 0.0


def _with_components(preparation: Preparation, table: Floats, config: PrepareConfig) -> Preparation:
    """The leading principal components, signs fixed so that the largest loading is positive."""
    if config.pca is None or len(preparation.names) <= 1:
        return preparation
    matrix = apply(preparation, table)
    variances, vectors = np.linalg.eigh(np.atleast_2d(np.cov(matrix, rowvar=False)))
    order = np.argsort(-variances, kind="stable")[: config.pca]
    components = vectors[:, order].T
    leading = np.abs(components).argmax(axis=1)
    components = components * np.sign(components[np.arange(len(components)), leading])[:, None]
    return replace(preparation, components=tuple(_curve(row) for row in components))
