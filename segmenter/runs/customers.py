"""Which runs of an archive are about the same customers, in the same money."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar

import numpy as np

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
    """The runs of an archive that see the customers `ids` from before `day`, the latest first; each is read when asked for.

    Passed over are damaged runs and runs in another currency than `currency`, on which there are `sentences`, and runs
    that are pruned meanwhile.
    """

    def __init__(self, root: Path, ids: Ids, day: date, currency: str = "") -> None:
        self._ids = ids
        self._currency = currency
        self._damaged: list[str] = []
        self._asked_for: list[Ids] = []
        self.in_other_money: list[str] = []  # sentences on the runs that `newest` passed over for it
        days = [(unless_damaged(archive.as_of, folder, self._damaged), folder) for folder in archive.list_runs(root)]
        known = sorted(((as_of, folder) for as_of, folder in days if as_of), reverse=True)
        self._same_day = [folder for as_of, folder in known if as_of == day]
        self._kin = of_the_same((folder for as_of, folder in known if as_of < day), ids, self._damaged)

    def of_the_same_day(self) -> Path | None:
        """The newest run that sees the customers from the same day; nothing can have changed since."""
        return next((folder for folder, _ in of_the_same(self._same_day, self._ids, self._damaged)), None)

    def newest(self) -> Run | None:
        """The latest comparable run that was not returned yet; None where there is none."""
        for folder, theirs in self._kin:
            self._asked_for.append(theirs)
            found = unless_damaged(archive.read, folder, self._damaged)
            if found is not None and self._is_comparable(found.manifest):
                return found
        return None

    def _is_comparable(self, before: Manifest) -> bool:
        """Whether its money is ours; where it is not, that is told."""
        if why := other_money(before.run_id, before.currency, self._currency):
            self.in_other_money.append(why)
        return not why

    def seen(self, ids: set[str]) -> set[str]:
        """Those of the customers `ids` who are in any of the runs; runs are read until all are found."""
        found = {each for theirs in self._asked_for for each in ids.intersection(theirs.tolist())}
        while found < ids and (run := next(self._kin, None)):
            found |= ids.intersection(run[1].tolist())
        return found

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was passed over; of the runs in other money only the latest is told."""
        damaged = (f"The earlier run {name} is damaged and was skipped." for name in self._damaged)
        return (*self.in_other_money[:1], *damaged)


def other_customers(run: str, theirs: Ids, ours: Ids, this: str = "this one") -> str:
    """A sentence where a run is hardly of our business, as its customers and ours, distinct ids, are others; else empty.

    `this` says whose `ours` are.
    """
    smaller = min(len(ours), len(theirs))
    shared = len(np.intersect1d(ours, theirs, assume_unique=True)) / smaller if smaller else 0.0
    return OTHER_CUSTOMERS.format(run=run, this=this, n=shared) if shared < SAME_CUSTOMERS else ""


def other_money(run: str, theirs: str, ours: str, this: str = "this one") -> str:
    """A sentence where a run's amounts cannot be compared with ours, as both currencies are known and differ; else empty.

    Currencies are codes of ISO 4217, empty where they are not known; `this` says whose `ours` is.
    """
    differ = theirs and ours and theirs != ours
    return OTHER_MONEY.format(run=run, name=theirs, this=this, other=ours) if differ else ""


def unless_damaged(read: Callable[[Path], Part], folder: Path, damaged: list[str]) -> Part | None:
    """What `read` finds in a run's folder; None where the folder is gone, or damaged: then its name is added to `damaged`."""
    try:
        return read(folder)
    except RunError:
        if folder.exists():
            damaged.append(folder.name)
        return None


def of_the_same(folders: Iterable[Path], ids: Ids, damaged: list[str]) -> Iterator[tuple[Path, Ids]]:
    """Those of the runs in `folders` that are about the customers `ids`, each with its customers; read when asked for."""
    for folder in folders:
        theirs = unless_damaged(_customers, folder, damaged)
        if theirs is not None and not other_customers(folder.name, theirs, ids):
            yield folder, theirs


def _customers(folder: Path) -> Ids:
    return read_column(folder / "customers.parquet", "customer_id").to_numpy(dtype=np.str_)
