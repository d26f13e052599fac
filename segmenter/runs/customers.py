"""Which runs of an archive are about the same customers, in the same currency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from segmenter.engine.drawn import Drawn, common_limit, within
from segmenter.errors import RunError
from segmenter.runs import archive
from segmenter.runs.tables import read_column
from segmenter.runs.types import Ids, Manifest, Run

Part = TypeVar("Part")
OTHER_MONEY = (
    "The run {run} is in {name} and {this} in {other}: their amounts cannot be compared. Keep each currency in its "
    "own archive (-o)."
)
OTHER_CUSTOMERS = (
    "The run {run} and {this} share only {n:.0%} of their customers, so they are hardly from the same business. Keep each "
    "business in its own archive (-o)."
)
SAME_CUSTOMERS = 0.5  # of the smaller run's customers, from which on two runs are about the same business


class Earlier:
    """The runs of an archive on the customers `ours` as of a day before `day`, the latest first; read lazily.

    Damaged runs and runs in another currency than `currency` are passed over, with `sentences` on them, and so are runs
    that are pruned meanwhile.
    """

    def __init__(self, root: Path, ours: Drawn, day: date, currency: str = "") -> None:
        self._ours = ours
        self._currency = currency
        self._damaged: list[str] = []
        self._read_ids: list[Ids] = []
        self.in_other_money: list[str] = []  # sentences on the runs that `newest` passed over
        days = [(unless_damaged(archive.as_of, folder, self._damaged), folder) for folder in archive.list_runs(root)]
        known = sorted(((as_of, folder) for as_of, folder in days if as_of), reverse=True)
        self._same_day = [folder for as_of, folder in known if as_of == day]
        self._runs = of_same_customers((folder for as_of, folder in known if as_of < day), ours, self._damaged)

    def of_the_same_day(self) -> Path | None:
        """The newest run as of the same day, since which nothing can have changed."""
        return next((folder for folder, _ in of_same_customers(self._same_day, self._ours, self._damaged)), None)

    def newest(self) -> Run | None:
        """The latest comparable run that was not returned yet; None where there is none."""
        for folder, theirs in self._runs:
            self._read_ids.append(theirs)
            found = unless_damaged(archive.read, folder, self._damaged)
            if found is not None and self._is_comparable(found.manifest):
                return found
        return None

    def _is_comparable(self, before: Manifest) -> bool:
        """Whether its currency is ours; where it is not, a sentence is added."""
        if why := other_money(before.run_id, before.currency, self._currency):
            self.in_other_money.append(why)
        return not why

    def seen(self, ids: set[str]) -> set[str]:
        """The customers in `ids` who are in any of the runs; runs are read until all are found."""
        found = {each for theirs in self._read_ids for each in ids.intersection(theirs.tolist())}
        while found < ids and (run := next(self._runs, None)):
            found |= ids.intersection(run[1].tolist())
        return found

    @property
    def sentences(self) -> tuple[str, ...]:
        """Sentences on runs that were passed over; of those in another currency only on the latest."""
        damaged = (f"The earlier run {name} is damaged and was skipped." for name in self._damaged)
        return (*self.in_other_money[:1], *damaged)


def other_customers(run: str, theirs: Drawn, ours: Drawn, this: str = "this one") -> str:
    """A sentence where a run is hardly of our business, as it shares few customers (distinct ids) with ours; else empty.

    Of samples only the customers count whom both can hold. `this` names our run in the sentence.
    """
    shared = _shared(theirs.ids, ours.ids)
    if shared < SAME_CUSTOMERS and (limit := common_limit(theirs, ours)) is not None:  # beyond it, nobody is shared
        shared = _shared(*(each.ids[within(each.ids, limit)] for each in (theirs, ours)))
    return OTHER_CUSTOMERS.format(run=run, this=this, n=shared) if shared < SAME_CUSTOMERS else ""


def _shared(theirs: Ids, ours: Ids) -> float:
    """The customers of both as a share of the fewer."""
    smaller = min(len(ours), len(theirs))
    return len(np.intersect1d(ours, theirs, assume_unique=True)) / smaller if smaller else 0.0


def other_money(run: str, theirs: str, ours: str, this: str = "this one") -> str:
    """A sentence where a run's currency and ours are known and differ; else empty.

    Currencies are ISO 4217 codes, empty where not known; `this` names our run in the sentence.
    """
    differ = theirs and ours and theirs != ours
    return OTHER_MONEY.format(run=run, name=theirs, this=this, other=ours) if differ else ""


def unless_damaged(read: Callable[[Path], Part], folder: Path, damaged: list[str]) -> Part | None:
    """What `read` returns for a run's folder; None where that is gone or damaged, whose name is then added to `damaged`."""
    try:
        return read(folder)
    except RunError:
        if folder.exists():
            damaged.append(folder.name)
        return None


def of_same_customers(folders: Iterable[Path], ours: Drawn, damaged: list[str]) -> Iterator[tuple[Path, Ids]]:
    """The runs in `folders` that are about the customers `ours`, each with its customers' ids; read lazily."""
    for folder in folders:
        theirs = unless_damaged(_customers, folder, damaged)
        if theirs is not None and unless_damaged(partial(_is_ours, theirs, ours), folder, damaged):
            yield folder, theirs


def _is_ours(theirs: Ids, ours: Drawn, folder: Path) -> bool:
    """Whether a run that holds the customers `theirs` is of our business; its document is read only where in doubt."""
    if not other_customers(folder.name, Drawn(theirs, len(theirs)), ours):
        return True
    known = Drawn(theirs, archive.read_document(folder)[0].period.n_customers)
    return known.is_sample and not other_customers(folder.name, known, ours)


def _customers(folder: Path) -> Ids:
    return read_column(folder / "customers.parquet", "customer_id").to_numpy(dtype=np.str_)
