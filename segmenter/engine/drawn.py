"""Samples of customers that are drawn by a hash of the id, and the customers that two of them have in common.

A cluster draws the customers with the smallest hashes (queries/drawn_customers.sql). So a sample holds everybody whose hash is
at most its largest one, its limit; and up to the smaller of two limits two samples differ only by who came or went.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Drawn:
    """The ids (n,) of the customers whom a run holds, of `n_all` customers; more than n, where they are a sample."""

    ids: NDArray[np.str_]
    n_all: int

    @property
    def is_sample(self) -> bool:
        """Whether there are more customers than the run holds."""
        return 0 < len(self.ids) < self.n_all

    @cached_property
    def limit(self) -> str | None:
        """The largest hash of a sample, None where it is everybody."""
        return max(map(_hash, self.ids.tolist())) if self.is_sample else None


def common_limit(one: Drawn, other: Drawn) -> str | None:
    """The hash up to which both hold everybody; None where neither is a sample."""
    return min(filter(None, (one.limit, other.limit)), default=None)


def within(ids: NDArray[np.str_], limit: str | None) -> NDArray[np.bool_]:
    """Which of `ids` (n,) have a hash of at most `limit`: all, where that is None."""
    if limit is None:
        return np.ones(len(ids), dtype=bool)
    return np.fromiter((_hash(each) <= limit for each in ids.tolist()), dtype=bool, count=len(ids))


def _hash(customer_id: str) -> str:
    """The MD5 of the id in UTF-8, in hexadecimal digits, as both engines compute it."""
    return hashlib.md5(customer_id.encode(), usedforsecurity=False).hexdigest()
