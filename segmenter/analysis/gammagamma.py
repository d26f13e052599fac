"""Gamma-Gamma: what a customer's next orders are worth, from what his orders were.

Order values vary around a customer's own mean, and the means vary from customer to customer, independently of how
often they order. Fader and Hardie (2013), The Gamma-Gamma Model of Monetary Value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segmenter.analysis.lifetime_types import GammaGamma
from segmenter.analysis.types import Floats

STARTS = ((1.0, 2.0), (5.0, 4.0), (0.5, 8.0))  # (p, q) to start from; gamma follows from the mean value
SMALLEST, LARGEST = 1e-4, 1e5  # of a parameter, of gamma in means
SAMPLE = 5_000  # customers


@dataclass(frozen=True)
class _Orders:
    """The orders (n,) of customers, their money (n,), and the parts of the likelihood that do not depend on the parameters.

    `shares` (k,) of the customers had `counts` (k,) orders.
    """

    orders: Floats
    total: Floats
    counts: Floats
    shares: Floats
    log_total: float  # mean, weighted by orders
    log_value: float  # mean


def fit(orders: Floats, value: Floats) -> GammaGamma:
    """The likeliest parameters; `orders` (n,), whole numbers, and their mean `value` (n,), both positive.

    The fits from several starts use a sample that is even over the values; the best of them is refined on everybody.
    """
    from scipy.optimize import minimize

    mean = float(np.average(value, weights=orders))
    scaled = value / mean
    rows = np.lexsort((orders, scaled))[:: 1 + len(scaled) // SAMPLE]
    some, everybody = _summed(orders[rows], scaled[rows]), _summed(orders, scaled)
    bounds = [(np.log(SMALLEST), np.log(LARGEST))] * 3
    tries = [
        minimize(_loss, np.log([p, q, (q - 1) / p]), (some,), "L-BFGS-B", jac=True, bounds=bounds) for p, q in STARTS
    ]
    best = min(tries, key=lambda tried: float(tried.fun))
    polished = minimize(_loss, best.x, (everybody,), "L-BFGS-B", jac=True, bounds=bounds)
    p, q, gamma = (float(found) for found in np.exp(polished.x))
    return GammaGamma(p, q, gamma * mean)


def _summed(orders: Floats, value: Floats) -> _Orders:
    counts, numbers = np.unique(orders, return_counts=True)
    total = orders * value
    shares = numbers / len(orders)
    return _Orders(
        orders, total, counts, shares, float(orders @ np.log(total)) / len(orders), float(np.log(value).mean())
    )


def _loss(logs: Floats, known: _Orders) -> tuple[float, Floats]:
    """Mean negative log-likelihood at the logarithms of (p, q, gamma), and its gradient."""
    from scipy.special import digamma, gammaln

    p, q, gamma = np.exp(logs)
    shape, n = p * known.counts, len(known.orders)
    spent, inverse = np.log(gamma + known.total), 1 / (gamma + known.total)
    mean, weighted = float(spent.mean()), float(known.orders @ spent) / n
    likelihood = known.shares @ (gammaln(shape + q) - gammaln(shape)) - gammaln(q) + q * np.log(gamma)
    likelihood += p * (known.log_total - weighted) - known.log_value - q * mean
    slopes = (
        (known.shares * known.counts) @ (digamma(shape + q) - digamma(shape)) + known.log_total - weighted,
        known.shares @ digamma(shape + q) - digamma(q) + np.log(gamma) - mean,
        q / gamma - p * float(known.orders @ inverse) / n - q * float(inverse.mean()),
    )
    return -float(likelihood), -np.array(slopes) * np.exp(logs)


def expected_value(model: GammaGamma, orders: Floats, value: Floats) -> Floats:
    """Mean value (n,) of a customer's orders to come.

    It lies between his own mean and everybody's: the more `orders` he had, the nearer to his own. A customer
    without any (orders 0) is expected to be like everybody. The mean exists for q > 1.
    """
    known = np.where(orders > 0, orders * np.nan_to_num(value), 0.0)
    return model.p * (model.gamma + known) / (model.p * orders + model.q - 1)
