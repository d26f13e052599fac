"""Who is planted: the habits of segments and anomalies, and the customers drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Shape:
    """The size and shape of a sample.

    `n_segments` of the habits in `SEGMENTS`, from the first on (4 to 8); `anomaly_share` of the
    customers behave oddly, the kinds equally often and each at least three times; `balance` is the Dirichlet
    concentration of the segments' sizes, None for the sizes given with the habits.
    """

    n_segments: int = 5
    anomaly_share: float = 0.015
    balance: float | None = None
    guest_share: float = 0.02  # of the orders have no customer
    days: int = 730  # at least 200
    last_day: date = date(2025, 6, 30)


@dataclass(frozen=True)
class Habit:
    """How a kind of customer buys.

    The first order lies `start` and the last at least `stop` days before the end (ranges); `gap`
    is the median number of days between orders and `value` the median money per order; customers
    vary around both by `spread` (standard deviation of the logarithm). Gaps follow a gamma
    distribution of shape `evenness`. `hour` is the mean hour of ordering, None for any of the day.
    """

    name: str
    share: float
    start: tuple[float, float]
    stop: tuple[float, float]
    gap: float
    value: float
    lines: float
    evenness: float = 3.0
    spread: float = 0.25
    hour: float | None = None
    return_rate: float = 0.015
    variety: int = 30


SEGMENTS = (
    Habit("regulars", 0.24, start=(450, 725), stop=(0, 0), gap=11, value=75, lines=4),
    Habit("big seasonal baskets", 0.16, start=(480, 725), stop=(0, 0), gap=70, value=520, lines=9, evenness=5),
    Habit("newcomers", 0.20, start=(18, 60), stop=(0, 0), gap=9, value=38, lines=3),
    Habit("lapsed regulars", 0.18, start=(560, 725), stop=(220, 330), gap=20, value=90, lines=4),
    Habit("one-time buyers", 0.22, start=(260, 640), stop=(240, 259), gap=4000, value=30, lines=2),
    Habit("small daily needs", 0.12, start=(400, 725), stop=(0, 0), gap=3.2, value=9, lines=1.5, evenness=2),
    Habit("big first orders", 0.12, start=(3, 45), stop=(0, 2), gap=4000, value=480, lines=9),
    Habit("once a year", 0.12, start=(600, 725), stop=(90, 120), gap=330, value=35, lines=3, evenness=60),
)

ANOMALIES = (
    Habit("wholesale", 1, start=(450, 725), stop=(0, 0), gap=20, value=9000, lines=25),
    Habit("bot-like", 1, start=(300, 600), stop=(0, 0), gap=2, value=2, lines=1, evenness=1e6, hour=3.1, variety=2),
    Habit("serial returner", 1, start=(350, 700), stop=(0, 0), gap=15, value=160, lines=4, return_rate=0.7),
    Habit("dormant then burst", 1, start=(560, 725), stop=(540, 559), gap=30, value=60, lines=3),
    Habit("one giant order", 1, start=(450, 725), stop=(0, 0), gap=25, value=80, lines=4),
    Habit("ring of identical customers", 1, start=(120, 160), stop=(0, 0), gap=9, value=60, lines=4),
)

RING = 5  # customers in a ring, at least where there are so many
DAYS = 730  # the span that the habits' days are given for


@dataclass(frozen=True)
class People:
    """The planted customers, one entry each; days count from the first day of the sample.

    `segment` is empty for anomalies and `anomaly` for ordinary customers; `ring` numbers the ring
    that a customer belongs to, -1 for none.
    """

    segment: NDArray[np.str_]
    anomaly: NDArray[np.str_]
    ring: Ints
    start: Floats
    stop: Floats
    gap: Floats
    value: Floats
    lines: Floats
    evenness: Floats
    hour: Floats
    hour_spread: Floats
    return_rate: Floats
    variety: Ints
    category: Ints

    def __len__(self) -> int:
        """Number of customers."""
        return len(self.segment)


def people(shape: Shape, n_customers: int, n_categories: int, rng: np.random.Generator) -> People:
    """Draw customers in random order: the segments' by their sizes, the anomalies' by `shape`."""
    habits = (*SEGMENTS[: shape.n_segments], *ANOMALIES)
    who = rng.permutation(np.repeat(np.arange(len(habits)), _quota(shape, n_customers, rng)))
    odd = who >= shape.n_segments

    def of(field: str) -> Floats:
        """A habit's field for each customer."""
        table: Floats = np.array([getattr(habit, field) for habit in habits], dtype=np.float64)
        values: Floats = table[who]
        return values

    def around(field: str) -> Floats:
        """Values about a habit's median."""
        noise: Floats = np.exp(of("spread") * rng.standard_normal(len(who)))
        return of(field) * noise

    def day(field: str) -> Floats:
        """Days after the first day, drawn from a habit's range of days before the end."""
        earliest, latest = of(field).T
        days: Floats = shape.days - rng.uniform(earliest, latest) * shape.days / DAYS
        return days

    names = np.array([habit.name for habit in habits])[who]
    hour = of("hour")
    return People(
        segment=np.where(odd, "", names),
        anomaly=np.where(odd, names, ""),
        ring=_rings(names == ANOMALIES[-1].name),
        start=day("start"),
        stop=day("stop"),
        gap=around("gap"),
        value=around("value"),
        lines=around("lines"),
        evenness=of("evenness"),
        hour=np.where(np.isnan(hour), rng.normal(14, 2.2, len(who)).clip(8, 20), hour),
        hour_spread=np.where(np.isnan(hour), rng.uniform(1.2, 3.0, len(who)), 0.03),
        return_rate=of("return_rate"),
        variety=of("variety").astype(np.int64),
        category=rng.integers(n_categories, size=len(who)),
    )


def _quota(shape: Shape, n_customers: int, rng: np.random.Generator) -> Ints:
    """Customers per habit: the sizes of the segments, then of the anomalies."""
    per_kind = max(3, round(shape.anomaly_share * n_customers / len(ANOMALIES))) if shape.anomaly_share else 0
    ordinary = n_customers - per_kind * len(ANOMALIES)
    shares = np.array([habit.share for habit in SEGMENTS[: shape.n_segments]])
    if shape.balance is not None:
        shares = 0.05 + rng.dirichlet(np.full(shape.n_segments, shape.balance))
    ends = np.round(np.cumsum(shares / shares.sum()) * ordinary).astype(np.int64)
    return np.concatenate([np.diff(ends, prepend=0), np.full(len(ANOMALIES), per_kind)])


def _rings(member: NDArray[np.bool_]) -> Ints:
    """Number of each member's ring, -1 for those in none; a ring has at least three members."""
    n = int(member.sum())
    rings = np.full(len(member), -1, dtype=np.int64)
    rings[member] = np.arange(n) % max(1, n // RING)
    return rings
