"""Online Retail replayed: a run each Monday on the days exported so far, and one acceptance midway.

    python bench/replay.py FOLDER-OF-THE-EXPORTS [--every 1]

Checked from outside, and ended with an error where nothing was there to check:

- in every run the model puts every customer's figures into the segment that the run tells, and between two runs of one
  model nobody moves by the cut point; a number has one name, a name one number, in all runs;
- nobody is told as newly odd whose figures are those of the week before;
- the money of every run is that of the raw files, added up by SQL that knows nothing of the program;
- the movement between every two runs, not only those that follow each other, adds up in customers and in money to what
  DuckDB reads in their folders;
- at every tenth run what the cache gave is held against a reading without it, row by row (DuckDB joins in parallel: the
  tables of two full readings lie in different orders, too), and the run's tables against those of a run without a cache,
  byte by byte, in order; both are timed.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from pathlib import Path

import duckdb
import results

from segmenter import load_config, run
from segmenter.intake import load
from segmenter.pipeline import Finished
from segmenter.runs import acceptance
from segmenter.runs.history import History
from segmenter.runs.model import number_again
from segmenter.runs.movement import Side, movement, side
from segmenter.workspace import workspace

FIRST, LAST = date(2010, 12, 6), date(2011, 12, 5)
VIEWS = {"tsne_sample": 60, "hierarchy_sample": 200, "mixture": False, "themes": 0}
PERIOD = 30  # days, history.period_days
CENT = 0.005
RAW_MONEY = """
    SELECT sum(Quantity::DECIMAL(18, 4) * UnitPrice::DECIMAL(18, 4))::DOUBLE
    FROM read_csv($files, all_varchar = true) WHERE CustomerID IS NOT NULL AND UnitPrice::DECIMAL(18, 4) >= 0
"""
RUN_MONEY = "SELECT count(*), sum(period_revenue), sum(monetary) FROM read_parquet($path)"
PERIOD_MONEY = f"""
    WITH first_not_seen AS (SELECT $day::DATE + (count(*) > 0)::INTEGER AS day FROM transactions WHERE ts::DATE = $day::DATE)
    SELECT customer_id, coalesce(sum(amount) FILTER (
        status IN ('sale', 'return') AND ts >= day - {PERIOD} AND ts < day), 0)::DOUBLE AS money
    FROM transactions, first_not_seen WHERE ts < $day::DATE + 1 GROUP BY customer_id
"""


@dataclass
class Seen:
    """What the checks have seen so far."""

    sides: list[Side] = field(default_factory=list)
    money: list[tuple[int, float]] = field(default_factory=list)  # customers and period revenue per run, by DuckDB
    names: Counter[tuple[int, str]] = field(default_factory=Counter)
    placed: int = 0
    moved: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    readings: list[float] = field(default_factory=list)  # cost of what the cache gave, as a share
    runs: list[float] = field(default_factory=list)  # cost of a run with the cache, as a share of one without
    from_nothing: list[float] = field(default_factory=list)  # the same, as a share of one in an empty archive

    def hold(self, what: str, *, is_so: bool) -> None:
        """Note `what` where it is not so."""
        if not is_so:
            self.faults.append(what)


def main() -> None:
    """Replay, check, and write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exports", type=Path)
    parser.add_argument("--every", type=int, default=1, help="a run every so many Mondays")
    options = parser.parse_args()
    days = sorted((options.exports / "online-retail-by-day").glob("*.csv"))
    mondays = [FIRST + timedelta(weeks=number) for number in range((LAST - FIRST).days // 7 + 1)][:: options.every]
    seen = Seen()
    with tempfile.TemporaryDirectory() as folder:
        finished = list(_replay(days, mondays, Path(folder) / "runs", seen))
    pairs = _pairs(seen)
    rows = list(_figures(finished, seen, pairs).items())
    print(results.table(("what", "figure"), rows), *seen.faults, sep="\n")
    if not (seen.placed and seen.moved and pairs and seen.readings):
        raise SystemExit("Nothing was there for one of the checks.")
    text = (
        "Every tenth run is held against those without a cache. The aim that each costs less than a third of one without is "
        "missed: reading all days anew takes a second or two, so that what a reading takes for a week of new files, and "
        "what follows it, the same in both, decide.\n\n"
        "`python bench/replay.py FOLDER`, small maps, no PDF; after the 27th run its fresh fit is accepted."
    )
    results.write("Online Retail replayed week by week", f"{results.table(('what', 'figure'), rows)}\n\n{text}")


def _replay(days: list[Path], mondays: list[date], root: Path, seen: Seen) -> Iterator[Finished]:
    before: Finished | None = None
    for number, monday in enumerate(mondays):
        files = [str(day) for day in days if _day(day) < monday]
        tenth = number % 10 == 9
        if tenth:
            _compare_readings(files, monday, root, seen)
            shutil.copytree(root, root.with_name("kept"))
        began = time.perf_counter()
        now = _run(files, monday, root)
        seen.seconds.append(time.perf_counter() - began)
        if tenth:
            _compare_runs(files, monday, now, root, seen)
        _check(files, before, now, seen)
        yield now
        before = now
        if number == len(mondays) // 2:
            acceptance.accept(root, now.folder.name, datetime.now(UTC))


def _run(files: list[str], monday: date, root: Path) -> Finished:
    keys = {"views": VIEWS, "report": {"formats": ["csv"]}, "engine": {"archive": str(root)}}
    return run(files, load_config(None, **keys, features={"as_of": monday}, history={"period_days": PERIOD}))


def _day(path: Path) -> date:
    """The day that a file of the export is about: its name ends in it."""
    return date.fromisoformat(path.stem[-10:])


def _check(files: list[str], before: Finished | None, now: Finished, seen: Seen) -> None:
    """What must hold for one run, and for it and the one before."""
    made, name = now.run, now.folder.name
    wrong = int((number_again(made.model, made.customers) != made.customers["segment"]).sum())
    seen.placed += len(made.customers)
    seen.hold(f"{name}: {wrong} customers are not where the model puts them", is_so=wrong == 0)
    seen.names.update(map(tuple, made.customers[["segment", "segment_name"]].drop_duplicates().to_numpy()))
    seen.sides.append(side(made))
    n, period, total = duckdb.execute(RUN_MONEY, {"path": str(now.folder / "customers.parquet")}).fetchone()
    seen.money.append((n, period))
    (raw,) = duckdb.execute(RAW_MONEY, {"files": files}).fetchone()
    seen.hold(f"{name}: {total:.2f} is not the {raw:.2f} of the files", is_so=abs(total - raw) < CENT)
    if before is None:
        return
    moves = made.moves.dropna(subset=["number_before", "number_now"])
    moved = moves[moves["number_before"] != moves["number_now"]]
    if before.run.model == made.model:
        seen.moved += len(moved)
        seen.hold(f"{name}: moved by the cut point of one model", is_so=set(moved["cause"]) <= {"customer"})
    else:
        seen.hold(f"{name}: does not say that the model changed", is_so=made.history.movement.redrawn)
    seen.hold(f"{name}: newly odd with the figures of before", is_so=not _unchanged_news(before, now))


def _unchanged_news(before: Finished, now: Finished) -> set[str]:
    """Customers told as newly odd of whom everything that was searched is as it was in the run before."""
    names = list(before.run.findings.anomalies.search.names)
    then, today = (each.run.customers.set_index("customer_id")[names] for each in (before, now))
    alerts = now.run.alerts
    new = [each for each in alerts.loc[alerts["state"] == "new", "customer_id"] if each in then.index]
    same = (then.loc[new] == today.loc[new]) | (then.loc[new].isna() & today.loc[new].isna())
    return set(same.index[same.all(axis=1)])


def _compare_readings(files: list[str], monday: date, root: Path, seen: Seen) -> None:
    """Tables and cost of a reading with the archive's cache beside one without; and the period's money by other SQL."""
    shares = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(root / ".cache", Path(folder) / "cache")
            kept, full = _reading(files, Path(folder) / "cache", monday), _reading(files, None, monday)
        seen.hold(f"{monday}: the cache gave other rows than the files", is_so=kept[1:] == full[1:])
        shares.append(kept[0] / full[0])
    seen.readings.append(statistics.median(shares))


def _reading(files: list[str], cache: Path | None, monday: date) -> tuple[float, object, list[str], dict[str, float]]:
    """Seconds, account, a digest of every table, and the customers' money of the period."""
    config = load_config(None)
    with workspace(config) as connection:
        began = time.perf_counter()
        intake = load(connection, files, config.source, config.rules, cache)
        seconds = time.perf_counter() - began
        digests = [
            connection.execute(f"SELECT md5(string_agg(t::VARCHAR, '|' ORDER BY t::VARCHAR)) FROM {name} t").fetchall()
            for name in ("judged", "transactions", "rejected")
        ]
        return seconds, intake, digests, dict(connection.execute(PERIOD_MONEY, {"day": monday}).fetchall())


def _compare_runs(files: list[str], monday: date, now: Finished, root: Path, seen: Seen) -> None:
    """Tables and cost of the run beside the same one without a cache, and beside one in an empty archive."""
    kept = root.with_name("kept")
    shutil.rmtree(kept / ".cache")
    costs = []
    for archive in (kept, root.with_name("empty")):
        began = time.perf_counter()
        again = _run(files, monday, archive)
        costs.append(seen.seconds[-1] / (time.perf_counter() - began))
        if archive == kept:
            for name in ("customers", "segments", "moves"):
                pair = [hashlib.sha256((each.folder / f"{name}.parquet").read_bytes()) for each in (now, again)]
                equal = pair[0].digest() == pair[1].digest()
                seen.hold(f"{monday}: {name}.parquet differs without the cache", is_so=equal)
        shutil.rmtree(archive)
    money = _reading(files, None, monday)[3]
    told = dict(now.run.customers[["customer_id", "period_revenue"]].to_numpy())
    differ = [each for each in told if abs(told[each] - money.get(each, 0.0)) > CENT]
    seen.hold(f"{monday}: the period's money of {len(differ)} customers differs", is_so=not differ)
    seen.runs.append(costs[0])
    seen.from_nothing.append(costs[1])


def _pairs(seen: Seen) -> int:
    """Movement between every two runs, held against what DuckDB read of them; how many pairs there are."""
    n = 0
    for (first, before), (second, now) in combinations(zip(seen.sides, seen.money, strict=True), 2):
        found, moves = movement(first, second, PERIOD, 1)
        flows = found.flows
        customers = [sum(each.customers for each in flows if getattr(each, s) is not None) for s in ("before", "now")]
        money = [sum(getattr(each, f"money_{s}") for each in flows) for s in ("before", "now")]
        steps = sum(step.amount for step in found.bridge[:-1]) - found.bridge[-1].amount
        adds_up = customers == [before[0], now[0]] and len(moves) == sum(each.customers for each in flows)
        adds_up &= all(abs(ours - theirs[1]) < CENT for ours, theirs in zip(money, (before, now), strict=True))
        seen.hold(f"{first.run_id} to {second.run_id} does not add up", is_so=adds_up and abs(steps) < CENT)
        n += 1
    return n


def _figures(finished: list[Finished], seen: Seen, pairs: int) -> dict[str, object]:
    history = [each.run.history for each in finished[1:]]
    news = [each.alerts.new + each.alerts.worsened for each in history]
    numbers, names = ({pair[at] for pair in seen.names} for at in (0, 1))
    return {
        "runs": len(finished),
        "customers in the first and the last": f"{len(finished[0].run.customers):,}, {len(finished[-1].run.customers):,}",
        "segment numbers, names, and pairs of the two": f"{len(numbers)}, {len(names)}, {len(seen.names)}",
        "customers held against the model, in all runs": f"{seen.placed:,}",
        "moves between runs of one model, none by the cut point": f"{seen.moved:,}",
        "pairs of runs whose movement was held against DuckDB, in customers and money": f"{pairs:,}",
        "faults found, of any kind": len(seen.faults),
        "pairs of runs without a real change": sum(not each.movement.is_real for each in history),
        "runs that say whose name no longer suits": sum(
            any("would be called" in sentence for sentence in each.continuity.sentences) for each in history
        ),
        "newly odd or worse per week, median and most": f"{statistics.median(news):.0f}, {max(news)}",
        "odd, and ordinary again, by where the line was drawn alone, and so not told, in all": _moved_by_line(history),
        "seconds per run, median": f"{statistics.median(seen.seconds):.1f}",
        "readings and runs held against those without a cache": len(seen.readings),
        "cost of a reading with the cache, as a share of one without, run by run": _shares(seen.readings),
        "cost of a run with the cache, as a share of the same one without": _shares(seen.runs),
        "cost of a run with the cache, as a share of one in an empty archive": _shares(seen.from_nothing),
    }


def _moved_by_line(history: list[History]) -> str:
    return f"{sum(each.alerts.line_in for each in history)}, {sum(each.alerts.line_out for each in history)}"


def _shares(found: list[float]) -> str:
    return ", ".join(f"{share:.2f}" for share in found) or "not measured"


if __name__ == "__main__":
    main()
