"""When the planted customers order and for how much: renewal processes, bursts and giant orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from segmenter.sample.habits import Floats, Ints, People, Shape

WEEKDAYS = np.array([1.0, 0.95, 0.95, 1.0, 1.1, 0.9, 0.45])  # Monday to Sunday
MONTHS = np.array([0.7, 0.7, 0.74, 0.78, 0.8, 0.76, 0.7, 0.7, 0.8, 0.86, 0.97, 1.0])  # January to December
MACHINE = 1000.0  # gaps more even than this are kept to the day
BURST = (14, 24)  # orders of a burst
BURST_DAYS = 18.0


@dataclass(frozen=True)
class Orders:
    """One entry per order: customer number, minutes after the first midnight, money aimed at, and lines."""

    customer: Ints
    minute: Ints
    value: Floats
    lines: Ints


def orders(crowd: People, shape: Shape, rng: np.random.Generator) -> Orders:
    """Every order of `crowd` in the days of `shape`, in no particular order."""
    customer, day = _renewals(crowd, shape, rng)
    value = crowd.value[customer] * np.exp(0.3 * rng.standard_normal(len(customer)))
    woken, woken_day = _bursts(crowd, shape.days, rng)
    woken_value = crowd.value[woken] * rng.uniform(2, 5, len(woken))
    giant, giant_day, giant_value = _giants(crowd, shape.days, rng)
    customer = np.concatenate([customer, woken, giant])
    day = np.floor(np.concatenate([day, woken_day, giant_day])).astype(np.int64).clip(0, shape.days - 1)
    hour = rng.normal(crowd.hour[customer], crowd.hour_spread[customer]).clip(0, 23.99)
    lines = 1 + rng.poisson(np.maximum(crowd.lines[customer] - 1, 0))
    lines[len(customer) - len(giant) :] = 1
    minute = day * 1440 + (hour * 60).astype(np.int64)
    return Orders(customer, minute, np.concatenate([value, woken_value, giant_value]), lines)


def _renewals(crowd: People, shape: Shape, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Customers and days of gamma renewal processes from `start` to `stop`, with weekdays and seasons."""
    expected = np.maximum(crowd.stop - crowd.start, 0) / crowd.gap
    n = (expected + 4 * np.sqrt(expected) + 3).astype(np.int64)
    customer = np.repeat(np.arange(len(n)), n)
    first = np.cumsum(n) - n
    gap = rng.gamma(crowd.evenness[customer]) * (crowd.gap / crowd.evenness)[customer]
    gap[first] = 0.0
    total = np.cumsum(gap)
    day = crowd.start[customer] + total - total[first][customer]
    machine = crowd.evenness[customer] > MACHINE
    begins = np.zeros(len(customer), dtype=bool)
    begins[first] = True
    day = np.where(machine, day, _moved(day, shape, rng))
    kept = (begins | (day <= crowd.stop[customer])) & (day < shape.days)
    kept &= begins | machine | (rng.random(len(day)) < _season(day, shape))
    return customer[kept], day[kept]


def _moved(day: Floats, shape: Shape, rng: np.random.Generator) -> Floats:
    """Days moved by one or two towards the busier weekdays."""
    first_weekday = (shape.last_day - timedelta(shape.days - 1)).weekday()
    near = day[:, None] + np.arange(-1, 2)
    appeal = WEEKDAYS[(np.floor(near).astype(np.int64) + first_weekday) % 7] * rng.random(near.shape)
    moved: Floats = near[np.arange(len(day)), appeal.argmax(axis=1)]
    return np.maximum(moved, 0)


def _season(day: Floats, shape: Shape) -> Floats:
    """Chance that an order falls into the season of its day."""
    first = np.datetime64(shape.last_day) - (shape.days - 1)
    month = (first + np.floor(day).astype(np.int64)).astype("datetime64[M]").astype(np.int64) % 12
    return MONTHS[month]


def _bursts(crowd: People, days: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Customers and days of the orders with which the dormant wake."""
    sleepers = np.flatnonzero(crowd.anomaly == "dormant then burst")
    customer = np.repeat(sleepers, rng.integers(*BURST, size=len(sleepers)))
    begin = rng.uniform(days - 120, days - 25, len(crowd))
    return customer, begin[customer] + rng.uniform(0, BURST_DAYS, len(customer))


def _giants(crowd: People, days: int, rng: np.random.Generator) -> tuple[Ints, Floats, Floats]:
    """Customers, days and money of the giant orders."""
    customer = np.flatnonzero(crowd.anomaly == "one giant order")
    day = rng.uniform(days - 300, days - 2, len(customer))
    return customer, day, np.exp(rng.normal(np.log(30_000), 0.5, len(customer)))
