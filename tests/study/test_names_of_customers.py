"""What customers are called has no part in what is found: the same customers under other ids."""

from dataclasses import fields, is_dataclass

import numpy as np
import pandas as pd
import pytest

from segmenter import features, load_config
from segmenter.intake import load
from segmenter.runs.acceptance import Following
from segmenter.sample import generate
from segmenter.study import Inputs, study
from segmenter.workspace import workspace

CONFIG = load_config(
    views={"tsne_sample": 300, "hierarchy_sample": 300}, kmeans={"max_clusters": 6, "bootstraps": 3}
)  # samples of the 1,500 customers


def studied(path):
    with workspace(CONFIG) as connection:
        load(connection, [str(path)], CONFIG.source, CONFIG.rules)
        table = features.build(connection, CONFIG.features)
        days = CONFIG.history.period_days
        inputs = Inputs(
            features.baskets(connection, table),
            lambda ids: {},
            features.period_revenue(connection, table, days),
            Following(),
            past_orders=features.past_orders(connection, table, days),
        )
        return study(table, inputs, CONFIG)


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """Studies of a sample, and of the same with ids in the opposite order; the customers' tables by the first ids."""
    folder = tmp_path_factory.mktemp("names")
    generate(folder / "sales.csv", 1500, seed=5)
    sales = pd.read_csv(folder / "sales.csv", dtype=str)
    known = sales["customer_id"].dropna().sort_values().unique()
    other = dict(zip(known, known[::-1], strict=True))
    sales["customer_id"] = sales["customer_id"].map(other)
    sales.to_csv(folder / "renamed.csv", index=False)
    first, second = studied(folder / "sales.csv"), studied(folder / "renamed.csv")
    renamed = second.customers.assign(customer_id=second.customers["customer_id"].map(other))
    return first, second, renamed.sort_values("customer_id").reset_index(drop=True)


def unlike(one, other, path=""):
    """Where two findings differ by more than rounding."""
    if is_dataclass(one):
        return [
            p for f in fields(one) for p in unlike(getattr(one, f.name), getattr(other, f.name), f"{path}.{f.name}")
        ]
    if isinstance(one, tuple | list) and len(one) == len(other):
        return [p for at, pair in enumerate(zip(one, other, strict=True)) for p in unlike(*pair, f"{path}[{at}]")]
    if isinstance(one, dict) and one.keys() == other.keys():
        return [p for key in one for p in unlike(one[key], other[key], f"{path}[{key}]")]
    if isinstance(one, float) and isinstance(other, float):
        return [] if np.isclose(one, other, rtol=1e-9, atol=1e-12, equal_nan=True) else [f"{path}: {one} {other}"]
    return [] if one == other else [f"{path}: {one} {other}"]


def test_every_finding_is_the_same(studies):
    first, second, _ = studies
    assert unlike(first.findings, second.findings) == []


def test_every_customer_is_told_the_same(studies):
    first, _, renamed = studies
    for name, column in first.customers.items():
        if pd.api.types.is_float_dtype(column):
            assert np.allclose(column, renamed[name], rtol=1e-9, equal_nan=True), name
        else:
            assert (column.fillna("") == renamed[name].fillna("")).all(), name
