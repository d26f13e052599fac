"""Gamma-Gamma: what a customer's next orders are worth, from what his orders were.

Order values vary around a customer's own mean, and the means vary from customer to customer, independently of how
often they order. Fader and Hardie (2013), The Gamma-Gamma Model of Monetary Value.
"""

from __future__ import annotations

import numpy as np

from segmenter.analysis.lifetime_types import GammaGamma
from segmenter.analysis.types import Floats

STARTS = ((1.0, 2.0), (5.0, 4.0), (0.5, 8.0))  # (p, q) to start from; gamma follows from the mean value
SMALLEST, LARGEST = 1e-4, 1e5  # of a parameter, of gamma in means
SAMPLE = 5_000  # customers


def fit(orders: Floats, value: Floats) -> GammaGamma:
    """The likeliest parameters; `orders` (n,) and their mean `value` (n,), both positive.

    The start is chosen on a sample that is even over the values, and the best of them polished on everybody.
    """
    from scipy.optimize import minimize

    mean = float(np.average(value, weights=orders))
    scaled = value / mean
    some = np.lexsort((orders, scaled))[:: 1 + len(scaled) // SAMPLE]
    bounds = [(np.log(SMALLEST), np.log(LARGEST))] * 3
    tries = [
        minimize(_loss, np.log([p, q, (q - 1) / p]), (orders[some], scaled[some]), "L-BFGS-B", jac=True, bounds=bounds)
        for p, q in STARTS
    ]
    best = min(tries, key=lambda tried: float(tried.fun))
    polished = minimize(_loss, best.x, (orders, scaled), "L-BFGS-B", jac=True, bounds=bounds)
    p, q, gamma = (float(found) for found in np.exp(polished.x))
    return GammaGamma(p, q, gamma * mean)


def _loss(logs: Floats, orders: Floats, value: Floats) -> tuple[float, Floats]:
    """Mean negative log-likelihood at the logarithms of (p, q, gamma), and its gradient."""
    from scipy.special import digamma, gammaln

    p, q, gamma = np.exp(logs)
    shape, total = p * orders, orders * value
    spent = np.log(gamma + total)
    likelihood = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma)
    likelihood += shape * np.log(total) - np.log(value) - (shape + q) * spent
    slopes = (
        orders * (digamma(shape + q) - digamma(shape) + np.log(total) - spent),
        digamma(shape + q) - digamma(q) + np.log(gamma) - spent,
        q / gamma - (shape + q) / (gamma + total),
    )
    gradient = np.array([slope.mean() for slope in slopes]) * np.exp(logs)
    return -float(likelihood.mean()), -gradient


def expected_value(model: GammaGamma, orders: Floats, value: Floats) -> Floats:
    """Mean value (n,) of a customer's orders to come.

    It lies between his own mean and everybody's: the more `orders` he had, the nearer to his own. A customer
    without any (orders 0) is expected to be like everybody. The mean exists for q > 1.
    """
    known = np.where(orders > 0, orders * np.nan_to_num(value), 0.0)
    expected: Floats = model.p * (model.gamma + known) / (model.p * orders + model.q - 1)
    return expected
