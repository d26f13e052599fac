"""A known change between two dates: whom the movement names as lapsed, and whom the alerts name as newly odd.

    python bench/change.py [--seeds 10] [--customers 1500]

The samples are those of the test (`tests/end_to_end/change.py`): 5 % of the customers stop ordering and 1 % turn odd,
each in one of three ways. Money is compared over sixty days, as the samples are made, and over the thirty of the
default.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import results

sys.path.append(str(Path(__file__).resolve().parents[1]))

from segmenter import load_config, run
from segmenter.runs.alerts import FRESH, to_report
from tests.end_to_end.change import KINDS, PERIOD, planted_change, precision_and_recall

DEFAULT_PERIOD = 30
VIEWS = {"tsne_sample": 60, "hierarchy_sample": 60, "mixture": False, "themes": 0}


@dataclass(frozen=True)
class Found:
    """Precision and recall of a seed: lapsed over either period, and odd; of the odd the found ones by kind."""

    lapsed: tuple[float, float]
    lapsed_by_default: tuple[float, float]
    odd: tuple[float, float]
    planted: Counter[str]
    found: Counter[str]


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--customers", type=int, default=1500)
    options = parser.parse_args()
    found = {seed: measure(seed, options.customers) for seed in range(1, options.seeds + 1)}
    text = f"{_table(found)}\n\n{_by_kind(list(found.values()))}\n\n`python bench/change.py --seeds {options.seeds}`"
    print(text)
    results.write(
        "Planted change",
        f"Samples of {options.customers:,} customers; between the two runs 5 % stop ordering and 1 % turn odd. Precision "
        f"and recall of the movement's `lapsed` over {PERIOD} and over {DEFAULT_PERIOD} days, and of the alerts that are "
        f"new or worse.\n\n{text}",
    )


def measure(seed: int, n_customers: int) -> Found:
    """One sample before and after."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lapsed, odd = planted_change(root, n_customers, seed)
        after = _two_runs(root, PERIOD)
        by_default = _two_runs(root, DEFAULT_PERIOD)
    shown = to_report(after.alerts, after.manifest.as_of)
    news = set(shown.loc[shown["state"].isin(FRESH), "customer_id"])
    return Found(
        precision_and_recall(_lapsed(after), lapsed),
        precision_and_recall(_lapsed(by_default), lapsed),
        precision_and_recall(news, set(odd)),
        Counter(odd.values()),
        Counter(kind for customer, kind in odd.items() if customer in news),
    )


def _two_runs(root: Path, period_days: int):
    """The run after the change, which knows the one before."""
    keys = {"views": VIEWS, "report": {"formats": ["csv"]}, "history": {"period_days": period_days}}
    engine = {"archive": str(root / f"runs-{period_days}")}
    for name in ("before.csv", "after.csv"):
        finished = run([str(root / name)], load_config(None, **keys, engine=engine))
    return finished.run


def _lapsed(after) -> set[str]:
    return set(after.moves.loc[after.moves["state"] == "lapsed", "customer_id"])


def _table(found: dict[int, Found]) -> str:
    columns = ("lapsed", "lapsed_by_default", "odd")
    rows = [
        (seed, *(f"{value:.2f}" for column in columns for value in getattr(each, column)))
        for seed, each in found.items()
    ]
    for name, pick in (("median", statistics.median), ("least", min)):
        values = [[getattr(each, column)[at] for each in found.values()] for column in columns for at in (0, 1)]
        rows.append((name, *(f"{pick(each):.2f}" for each in values)))
    heads = ("lapsed", f"lapsed, {DEFAULT_PERIOD} days", "odd")
    return results.table(("seed", *(f"{head}: {what}" for head in heads for what in ("precision", "recall"))), rows)


def _by_kind(found: list[Found]) -> str:
    rows = []
    for kind in KINDS:
        planted, seen = (sum(getattr(each, side)[kind] for each in found) for side in ("planted", "found"))
        rows.append((kind, planted, seen, f"{seen / max(planted, 1):.2f}"))
    return results.table(("how they turned odd", "planted", "found", "recall"), rows)


if __name__ == "__main__":
    main()
