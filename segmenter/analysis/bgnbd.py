"""BG/NBD: how often customers will order, from how often, how recently and for how long they have.

While active, a customer orders as a Poisson process; after each order he may leave for good; both rates differ from
customer to customer (gamma and beta). Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way: An
Alternative to the Pareto/NBD Model, Marketing Science 24(2), 275-284.
"""

from __future__ import annotations

import numpy as np

from segmenter.analysis.findings import BgNbd
from segmenter.analysis.types import Floats

# (r, a, b) to start from; alpha follows from the orders per week: steady, mixed, quickly lost, slowly lost customers
STARTS = ((1.0, 0.5, 5.0), (0.3, 1.0, 2.0), (0.5, 2.0, 1.0), (3.0, 0.1, 1.0))
SMALLEST, LARGEST = 1e-4, 1e5  # of a parameter
NEAR_ONE = 1e-5  # the expectation's formula has a removable hole at a = 1


def fit(repeats: Floats, recency: Floats, age: Floats) -> BgNbd:
    """The parameters under which the customers' histories are likeliest, by maximum likelihood.

    Of each customer, all of shape (n,): `repeats` orders after the first (x), `recency` weeks from the first
    to the last (t_x), `age` weeks from the first to now (T). Equal histories are counted once, with their
    number, so that a million customers cost what a few thousand do.
    """
    from scipy.optimize import minimize

    table, counts = np.unique(np.column_stack([repeats, recency, age]), axis=0, return_counts=True)
    weights = counts / counts.sum()
    rate = max(float(repeats.sum()), 1.0) / max(float(age.sum()), 1.0)
    bounds = [(np.log(SMALLEST), np.log(LARGEST))] * 4
    tries = [
        minimize(_loss, np.log([r, r / rate, a, b]), (table, weights), "L-BFGS-B", jac=True, bounds=bounds)
        for r, a, b in STARTS
    ]
    best = min(tries, key=lambda tried: float(tried.fun))
    return BgNbd(*(float(value) for value in np.exp(best.x)))


def log_likelihood(model: BgNbd, repeats: Floats, recency: Floats, age: Floats) -> float:
    """Log-likelihood of the histories (n,), summed (equation 6 of the paper)."""
    table = np.column_stack([repeats, recency, age])
    logs = np.log([model.r, model.alpha, model.a, model.b])
    return -_loss(logs, table, np.ones(len(table)))[0]


def _loss(logs: Floats, table: Floats, weights: Floats) -> tuple[float, Floats]:
    """Weighted negative log-likelihood at the logarithms of (r, alpha, a, b), and its gradient there."""
    from scipy.special import digamma, expit, gammaln

    r, alpha, a, b = np.exp(logs)
    x, recency, age = table.T
    again = x > 0
    late, early = np.log(alpha + age), np.log(alpha + recency)
    stays = -(r + x) * late
    leaves = np.where(again, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * early, -np.inf)
    orders = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    loyalty = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    left = np.where(again, expit(leaves - stays), 0.0)  # chance of having left after the last order
    together = digamma(a + b) - digamma(a + b + x)
    slopes = (
        digamma(r + x) - digamma(r) + np.log(alpha) - (1 - left) * late - left * early,
        r / alpha - (r + x) * ((1 - left) / (alpha + age) + left / (alpha + recency)),
        together + left / a,
        together - digamma(b) + digamma(b + x) - left / (b + np.maximum(x, 1) - 1),
    )
    gradient = np.array([weights @ slope for slope in slopes]) * np.exp(logs)
    return -float(weights @ (orders + loyalty + np.logaddexp(stays, leaves))), -gradient


def p_active(model: BgNbd, repeats: Floats, recency: Floats, age: Floats) -> Floats:
    """Chance (n,) that a customer has not left; before a repeat order it is 1, as leaving follows an order.

    Fader, Hardie and Lee (2008), Computing P(alive) Using the BG/NBD Model.
    """
    from scipy.special import expit

    later = np.maximum(repeats, 1)
    silence = np.log(model.alpha + age) - np.log(model.alpha + recency)
    odds = np.log(model.a) - np.log(model.b + later - 1) + (model.r + repeats) * silence
    return np.asarray(np.where(repeats > 0, expit(-odds), 1.0), dtype=np.float64)


def p_order(model: BgNbd, repeats: Floats, recency: Floats, age: Floats, weeks: float) -> Floats:
    """Chance (n,) of at least one order in the coming `weeks`.

    The order rate of a customer who is still active is gamma with shape r + x and rate alpha + T.
    """
    silent = np.exp(-(model.r + repeats) * np.log1p(weeks / (model.alpha + age)))
    return np.asarray(p_active(model, repeats, recency, age) * (1 - silent), dtype=np.float64)


def expected_orders(model: BgNbd, repeats: Floats, recency: Floats, age: Floats, weeks: float) -> Floats:
    """Orders (n,) to be expected in the coming `weeks` (equation 10 of the paper).

    The hypergeometric function is taken after Euler's transformation, (1 - z)^(r + x) 2F1(r + x, b + x; c; z) =
    (1 - z)^(a - 1) 2F1(a + b - 1 - r, a - 1; c; z), whose value stays near one however many orders x there are.
    """
    from scipy.special import hyp2f1

    a = model.a if abs(model.a - 1) > NEAR_ONE else 1 + NEAR_ONE
    total = a + model.b + repeats - 1
    share = weeks / (model.alpha + age + weeks)
    gone = np.exp((a - 1) * np.log1p(-share)) * hyp2f1(a + model.b - 1 - model.r, a - 1, total, share)
    orders = total / (a - 1) * (1 - gone) * p_active(model, repeats, recency, age)
    return np.asarray(orders, dtype=np.float64)
