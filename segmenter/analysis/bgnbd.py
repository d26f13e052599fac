"""BG/NBD: how often customers will order, from how often, how recently and for how long they have.

While active, a customer orders as a Poisson process; after each order he may leave for good; both rates differ from
customer to customer (gamma and beta). Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way: An
Alternative to the Pareto/NBD Model, Marketing Science 24(2), 275-284.
"""

from __future__ import annotations

import numpy as np

from segmenter.analysis.lifetime_types import BgNbd
from segmenter.analysis.order import by_content
from segmenter.analysis.threads import by_blocks
from segmenter.analysis.types import Floats

# (r, a, b) to start from; alpha follows from the orders per week: steady, mixed, quickly lost, slowly lost customers
STARTS = ((1.0, 0.5, 5.0), (0.3, 1.0, 2.0), (0.5, 2.0, 1.0), (3.0, 0.1, 1.0))
SMALLEST, LARGEST = 1e-4, 1e5  # of a parameter
NEGLIGIBLE = 1e-9  # of an order
BLOCK = 65_536  # customers at a time


def fit(repeats: Floats, recency: Floats, age: Floats) -> BgNbd:
    """The parameters under which the customers' histories are likeliest, by maximum likelihood.

    Of each customer, all of shape (n,): `repeats` orders after the first (x), `recency` weeks from the first
    to the last (t_x), `age` weeks from the first to now (T). Equal histories are merged. The fits from several starts use
    whole weeks, of which there are few distinct ones; the best of them is refined on the exact times.
    """
    from scipy.optimize import minimize

    bounds = [(np.log(SMALLEST), np.log(LARGEST))] * 4
    rate = max(float(repeats.sum()), 1.0) / max(float(age.sum()), 1.0)
    rough = _distinct(repeats, recency.round(), age.round())
    tries = [
        minimize(_loss, np.log([r, r / rate, a, b]), rough, "L-BFGS-B", jac=True, bounds=bounds) for r, a, b in STARTS
    ]
    best = min(tries, key=lambda tried: float(tried.fun))
    found = minimize(_loss, best.x, _distinct(repeats, recency, age), "L-BFGS-B", jac=True, bounds=bounds, tol=1e-10)
    return BgNbd(*(float(value) for value in np.exp(found.x)))


def _distinct(*columns: Floats) -> tuple[Floats, Floats]:
    """The distinct rows (m, d) of columns of shape (n,), and the share (m,) of each."""
    rows = np.column_stack(columns)
    rows = rows[by_content(rows)]
    first = np.flatnonzero(np.append(True, (rows[1:] != rows[:-1]).any(axis=1)))
    return rows[first], np.diff(np.append(first, len(rows))) / len(rows)


def _loss(logs: Floats, table: Floats, weights: Floats) -> tuple[float, Floats]:
    """Weighted negative log-likelihood at the logarithms of (r, alpha, a, b), and its gradient there."""
    from scipy.special import expit

    r, alpha, a, b = np.exp(logs)
    x, recency, age = table.T
    late, early = np.log(alpha + age), np.log(alpha + recency)
    stays, before = -(r + x) * late, b + np.maximum(x, 1) - 1
    leaves = np.where(x > 0, np.log(a / before) - (r + x) * early, -np.inf)
    left = np.where(x > 0, weights * expit(leaves - stays), 0.0)  # weighed chance of having left after the last order
    stayed = weights - left
    counted, slopes = _counted(logs, np.asarray(np.bincount(x.astype(np.int64), weights), np.float64))
    slopes += (
        -stayed @ late - left @ early,
        -((r + x) @ (stayed / (alpha + age) + left / (alpha + recency))),
        left.sum() / a,
        -(left @ (1 / before)),
    )
    return -float(counted + weights @ np.logaddexp(stays, leaves)), -slopes * np.exp(logs)


def _counted(logs: Floats, weights: Floats) -> tuple[float, Floats]:
    """The part of the likelihood that depends on the orders' number alone, and its slopes; `weights` per number."""
    from scipy.special import digamma, gammaln

    r, alpha, a, b = np.exp(logs)
    x = np.arange(len(weights))
    orders = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    loyalty = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    together = digamma(a + b) - digamma(a + b + x)
    slopes = (
        digamma(r + x) - digamma(r) + np.log(alpha),
        np.full(len(x), r / alpha),
        together,
        together - digamma(b) + digamma(b + x),
    )
    return float(weights @ (orders + loyalty)), np.array([weights @ slope for slope in slopes])


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
    """Orders (n,) to be expected in the coming `weeks`, at most one a day.

    The sum over k = 1, 2, ... of the chance that k order times come (negative binomial) and that the customer
    does not leave before the last of them: equation 10 of the paper without its hypergeometric function, which
    has a hole at a = 1 and overflows where customers are alike.
    """

    def among(block: slice) -> Floats:
        return _expected_orders(model, repeats[block], recency[block], age[block], weeks)

    return np.concatenate(by_blocks(among, len(age), BLOCK))


def _expected_orders(model: BgNbd, repeats: Floats, recency: Floats, age: Floats, weeks: float) -> Floats:
    share, shape = weeks / (model.alpha + age + weeks), model.r + repeats
    exactly = np.exp(shape * np.log1p(-share))  # the chance of exactly k order times, from k = 0 on
    more, stays = 1 - exactly, np.ones(len(age))
    total, rows, loyal = np.zeros(len(age)), np.arange(len(age)), model.b + repeats
    for k in range(round(7 * weeks)):
        total[rows] += more * stays
        stays *= (loyal + k) / (model.a + loyal + k)
        exactly *= (shape + k) / (k + 1) * share
        more -= exactly
        go = more > NEGLIGIBLE
        if not go.any():
            break
        more *= go  # so that nobody's figure depends on who else is in the block
        exactly *= go
        if 2 * np.count_nonzero(go) < len(go):  # dropping the others costs as much as a step
            rows, share, shape, loyal = rows[go], share[go], shape[go], loyal[go]
            exactly, more, stays = exactly[go], more[go], stays[go]
    return total * p_active(model, repeats, recency, age)
