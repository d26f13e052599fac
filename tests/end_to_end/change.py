"""A shop before and after a known change: some customers stop buying, some turn odd."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from segmenter.sample import Shape, generate

PERIOD = 60  # days
KINDS = ("orders 250 times as large", "an order every hour for five days", "twelve times as much, all given back")


def planted_change(folder, n_customers, seed):
    """Write before.csv and after.csv; return the customers who lapse, and those who turn odd with how (of `KINDS`).

    After the change every customer repeats the last sixty days' orders, sixty days later. 5 % of
    the customers, chosen among those who had ordered in these days, do not. 1 % turn odd, each in one of
    three ways: orders 250 times as large, an order every hour for five days as of a machine, or twelve times as
    much bought and all of it given back.
    """
    generate(folder / "before.csv", n_customers, seed, shape=Shape(anomaly_share=0.0))
    before = pd.read_csv(folder / "before.csv", dtype=str)
    day = pd.to_datetime(before["ordered_at"])
    recent = before[
        (day > day.max().normalize() - timedelta(days=PERIOD - 1)) & ~before["order_no"].str.startswith("C")
    ]
    generator = np.random.default_rng(seed)
    active = recent["customer_id"].dropna().unique()
    chosen = generator.choice(active, round(0.05 * n_customers) + round(0.01 * n_customers), replace=False)
    lapsed, odd = np.split(chosen, [round(0.05 * n_customers)])
    later = recent[~recent["customer_id"].isin(lapsed)].copy()
    later["ordered_at"] = _days_later(later["ordered_at"], PERIOD)
    later["order_no"] = "7" + later["order_no"]
    oddities = [_oddity(later[later["customer_id"] == customer], at % 3) for at, customer in enumerate(odd)]
    after = pd.concat([before, later[~later["customer_id"].isin(odd)], *oddities])
    after.to_csv(folder / "after.csv", index=False)
    return set(lapsed), {customer: KINDS[at % 3] for at, customer in enumerate(odd)}


def _days_later(stamps, days):
    return (pd.to_datetime(stamps) + timedelta(days=days)).dt.strftime("%Y-%m-%d %H:%M:%S")


def _oddity(own, kind):
    """The customer's later orders `own`, made odd in one of three ways."""
    quantity = own["quantity"].astype(int)
    if kind == 0:
        return own.assign(quantity=(quantity * 250).astype(str))
    if kind == 1:
        first = pd.to_datetime(own["ordered_at"]).min().normalize()
        stamps = [(first + timedelta(hours=hour)).strftime("%Y-%m-%d %H:%M:%S") for hour in range(120)]
        one = own.head(1)
        orders = [
            one.assign(order_no=f"{one['order_no'].iloc[0]}{at:03d}", ordered_at=at_) for at, at_ in enumerate(stamps)
        ]
        return pd.concat([own, *orders])
    back = own.assign(order_no="C" + own["order_no"], quantity=(-quantity).astype(str))
    many = pd.concat([own.assign(order_no=own["order_no"] + str(number)) for number in range(12)])
    gone = pd.concat([back.assign(order_no=back["order_no"] + str(number)) for number in range(12)])
    return pd.concat([many, gone])


def precision_and_recall(found, truth):
    """Share of `found` that is in `truth`, and of `truth` that is found."""
    both = len(found & truth)
    return both / max(len(found), 1), both / max(len(truth), 1)
