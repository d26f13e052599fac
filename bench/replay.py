"""Online Retail replayed: a run each Monday on the days exported so far.

    python bench/replay.py FOLDER-OF-THE-EXPORTS [--every 1]

Checked from outside, for every pair of runs that follow each other: movement adds up in customers and in money, and
no customer whose figures are the same is in another segment under the same model. Every tenth run what the archive's
cache gave is held against a full reading of all files, row by row, and both are timed three times.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import results

from segmenter import load_config, run
from segmenter.intake import load
from segmenter.pipeline import Finished
from segmenter.workspace import workspace

FIRST, LAST = date(2010, 12, 6), date(2011, 12, 5)
VIEWS = {"tsne_sample": 60, "hierarchy_sample": 200, "mixture": False, "themes": 0}


def main() -> None:
    """Replay, check, and write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exports", type=Path)
    parser.add_argument("--every", type=int, default=1, help="a run every so many Mondays")
    options = parser.parse_args()
    days = sorted((options.exports / "online-retail-by-day").glob("*.csv"))
    mondays = [FIRST + timedelta(weeks=number) for number in range((LAST - FIRST).days // 7 + 1)][:: options.every]
    with tempfile.TemporaryDirectory() as folder:
        figures = _replay(days, mondays, Path(folder))
    rows = list(figures.items())
    text = results.table(("what", "figure"), rows) + "\n\n`python bench/replay.py FOLDER`, small maps, no PDF."
    results.write("Online Retail replayed week by week", text)
    print(results.table(("what", "figure"), rows))


def _replay(days: list[Path], mondays: list[date], archive: Path) -> dict[str, object]:
    runs: list[Finished] = []
    seconds, wrong, unsound = [], 0, 0
    compared: list[tuple[bool, float]] = []
    for number, monday in enumerate(mondays):
        so_far = [str(day) for day in days if _day(day) < monday]
        if number % 10 == 9:
            compared.append(_incremental_beside_full(so_far, archive))
        keys = {"views": VIEWS, "report": {"formats": ["csv"]}, "engine": {"archive": str(archive)}}
        began = time.perf_counter()
        runs.append(run(so_far, load_config(None, **keys, features={"as_of": monday})))
        seconds.append(time.perf_counter() - began)
        if len(runs) > 1:
            wrong += _moved_without_cause(runs[-2], runs[-1])
            unsound += _does_not_add_up(runs[-2], runs[-1])
    names = {
        tuple(pair)
        for each in runs
        for pair in each.run.customers[["segment", "segment_name"]].drop_duplicates().to_numpy()
    }
    alerts = [each.run.history.alerts for each in runs[1:]]
    return {
        "runs": len(runs),
        "customers in the first and the last": f"{len(runs[0].run.customers):,}, {len(runs[-1].run.customers):,}",
        "segment numbers, and names that they had": f"{len({number for number, _ in names})}, {len(names)}",
        "customers with the same figures in another segment": wrong,
        "pairs of runs whose movement does not add up": unsound,
        "pairs of runs without a real change": sum(not each.run.history.movement.is_real for each in runs[1:] if each.run.history.movement),
        "newly odd or worse per week, median and most": f"{statistics.median(each.new + each.worsened for each in alerts):.0f}, "
        f"{max(each.new + each.worsened for each in alerts)}",
        "seconds per run, median": f"{statistics.median(seconds):.1f}",
        "incremental readings held against a full one, and unequal": f"{len(compared)}, {sum(not same for same, _ in compared)}",
        "cost of an incremental reading as a share of a full one, median and most": f"{statistics.median(share for _, share in compared):.2f}, "
        f"{max(share for _, share in compared):.2f}",
    }  # fmt: skip


def _incremental_beside_full(files: list[str], archive: Path) -> tuple[bool, float]:
    """Whether both readings gave the same rows and account, and the cost of the incremental one as a share of the full."""
    shares, same = [], True
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            cache = Path(folder) / "cache"
            shutil.copytree(archive / ".cache", cache)
            incremental, full = _reading(files, cache), _reading(files, None)
        same &= incremental[1:] == full[1:]
        shares.append(incremental[0] / full[0])
    return same, statistics.median(shares)


def _reading(files: list[str], cache: Path | None) -> tuple[float, object, list[str]]:
    """Seconds, account, and a digest of every table."""
    config = load_config(None)
    with workspace(config) as connection:
        began = time.perf_counter()
        intake = load(connection, files, config.source, config.rules, cache)
        seconds = time.perf_counter() - began
        digests = [
            connection.execute(f"SELECT md5(string_agg(t::VARCHAR, '|' ORDER BY t::VARCHAR)) FROM {name} t").fetchall()
            for name in ("judged", "transactions", "rejected")
        ]
    return seconds, intake, digests


def _day(path: Path) -> date:
    """The day that a file of the export is about: its name ends in it."""
    return date.fromisoformat(path.stem[-10:])


def _moved_without_cause(before: Finished, now: Finished) -> int:
    if before.run.model != now.run.model:
        return 0
    names = list(now.run.model.preparation.names)
    both = before.run.customers.merge(now.run.customers, on="customer_id", suffixes=("", "_now"))
    figures = [
        np.nan_to_num(both[columns].to_numpy(float), nan=-1.0) for columns in (names, [f"{name}_now" for name in names])
    ]
    same = (figures[0] == figures[1]).all(axis=1)
    return int((both.loc[same, "segment"] != both.loc[same, "segment_now"]).sum())


def _does_not_add_up(before: Finished, now: Finished) -> bool:
    found = now.run.history.movement
    if found is None:
        return True
    customers = [sum(flow.customers for flow in found.flows if getattr(flow, side)) for side in ("before", "now")]
    money = [sum(getattr(flow, side) for flow in found.flows) for side in ("money_before", "money_now")]
    bridge = sum(step.amount for step in found.bridge[:-1]) - found.bridge[-1].amount
    expected = [each.run.customers["period_revenue"].sum() for each in (before, now)]
    return (
        customers != [len(before.run.customers), len(now.run.customers)]
        or not np.allclose(money, expected, rtol=0, atol=0.005)
        or abs(bridge) > 0.005
    )


if __name__ == "__main__":
    main()
