"""What was found of the value to come, in plain numbers: a part of `segmenter.analysis.findings.Findings`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BgNbd:
    """Parameters of BG/NBD in weeks: order rates are gamma (r, alpha), chances to leave after an order beta (a, b)."""

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class GammaGamma:
    """Parameters of Gamma-Gamma: order values are gamma of shape p, their rates gamma (q, gamma)."""

    p: float
    q: float
    gamma: float


@dataclass(frozen=True)
class HoldoutClass:
    """Customers with `repeats` repeat orders (the last class: so many or more), and their orders in the time held out."""

    repeats: int
    customers: int
    expected: float
    actual: float


@dataclass(frozen=True)
class HoldoutCheck:
    """What was expected from the first two thirds of the time, and what came in the last `days`.

    `error` sums the classes' differences and divides by the orders that came. `period_expected` and
    `period_orders` are orders by successive periods as long as the one to come, up to today. In as many days from the
    beginning `ordering_expected` customers were expected to order, and `ordering` did: `ordering_error` is as `error`, across
    tenths of the chance to, and `ordering_chance` what it stays under in 95 of 100 cases where these chances are right.
    """

    days: int
    orders_expected: float
    orders: float
    error: float
    revenue_expected: float
    revenue: float
    classes: tuple[HoldoutClass, ...]
    period_expected: tuple[float, ...] = ()
    period_orders: tuple[float, ...] = ()
    ordering_expected: float = 0.0
    ordering: float = 0.0
    ordering_error: float = 0.0
    ordering_chance: float = 0.0


@dataclass(frozen=True)
class SegmentLifetime:
    """A segment's next period: of its `customers` with an order so far, `ordering` are expected to order.

    `orders` and `revenue` are what is expected of them. None: how many order, or their money, is withheld.
    """

    label: int
    customers: int
    ordering: float | None
    orders: float
    revenue: float | None


@dataclass(frozen=True)
class LifetimeFinding:
    """Orders and money to expect in the next `days`, before returns; None and empty where the gate is shut.

    `refusal` says why there are no figures, `ordering_refusal` why not how many customers order, and who, `value_refusal` why
    there are none of money; empty where there are. `season` says what these days brought a year ago, where the record holds
    them, and how that differed from the days before, where it did, as the forecast knows no season, and `lately` how far its
    model misses the last days, where it does.
    `correlation` is the rank correlation of order number and order value, which Gamma-Gamma takes for independent.
    """

    days: int
    n_customers: int
    n_repeat: int
    refusal: str = ""
    value_refusal: str = ""
    orders_model: BgNbd | None = None
    value_model: GammaGamma | None = None
    correlation: float | None = None
    check: HoldoutCheck | None = None
    segments: tuple[SegmentLifetime, ...] = ()
    sentences: tuple[str, ...] = ()
    ordering_refusal: str = ""
    season: str = ""
    lately: str = ""
