"""A made-up run with runs before it: who moved, whether the model still fits, and alerts of every state."""

from dataclasses import replace
from datetime import date

import pandas as pd

from segmenter.runs.compare import COVERS
from segmenter.runs.history import (
    AlertCount,
    BridgeStep,
    Continuity,
    Drift,
    Flow,
    History,
    Interval,
    Movement,
    SegmentChange,
)
from tests.report.made_up import NAMES, made_up_run


def moved_run():
    """A run with runs before it: every chart and table of a report is there, and alerts of every state."""
    run = made_up_run()
    ids, names = run.customers["customer_id"], run.customers["segment_name"]
    before = names.where(ids.index % 9 != 0, NAMES[1])
    moves = pd.DataFrame({"customer_id": ids, "segment_before": before, "segment_now": names, "state": "same"})
    moves = moves.assign(money_before=90.0, money_now=run.customers["monetary"] / 10, cause=None)
    return replace(run, history=_history(run), moves=moves, alerts=_alerts(run.anomalies))


def _history(run):
    before, now = Interval(3.0, -2.0, 9.0), Interval(40.0, 12.0, 70.0)
    changes = tuple(
        SegmentChange(
            card.label, card.name, 90, card.customers, now, 9e4, card.revenue, before, Interval(31.0, 4.0, 60.0)
        )
        for card in run.findings.cards
    )
    kinds = ("before", "new", "returning", "back", "upgraded", "same", "downgraded", "lapsed", "gone", "after")
    movement = Movement(
        "20261116T080000Z-11aa", date(2011, 12, 3), 30,
        _flows(run),
        tuple(BridgeStep(kind, 40, amount) for kind, amount in zip(kinds, (9000, 400, 250, -20, 920, -80, -600, -300, -70, 9500), strict=True)),
        changes, 33, 10, True,
        (f"Since 2011-12-03, these segments changed in size by more than chance and overall customer growth explain: {NAMES[0]} (+40: from 33% to 40% of the customers).",
         "Of 600 customers: 3 new, 5 no longer in the export, 9 with revenue in the last 30 days but none in the 30 before the earlier "
         "run, 2 back in the export without revenue, 4 with revenue in the 30 days before the earlier run but none in the last 30.",
         "Of the 579 customers of both runs: 12 moved to a better segment, 7 moved to a weaker segment (5 of them without an order since).",
         "Whoever moved without ordering since did so because time passed, or because goods came back.",
         "10 changed segment only because the segments were redrawn, not because of what they did."),
        False, (), now, True, covers=COVERS.format(n=600, n_all=6000),
    )  # fmt: skip
    drift = tuple(
        Drift(name, psi, 0.2, verdict, 40.0, 44.0)
        for name, psi, verdict in (
            ("recency", 0.31, "drifted"),
            ("monetary", 0.12, "shifted"),
            ("tenure", 0.01, "steady"),
        )
    )
    continuity = Continuity(
        "20261102T080000Z-22bb", date(2011, 11, 19), 0.71, 88, 0.33, 0.31, 0.36, 5, 6, drift, (),
        ("The segments of 2011-11-19 no longer fit well: 88 of 600 customers would change segment if they were refitted today.",
         "Customers differ from those of 2011-11-19 in: days since the last order.",
         f"A fresh fit would split {NAMES[0]} into: {NAMES[1]}, 310 customers; {NAMES[2]}, 95 customers.",
         "Look at the fresh segments and, if they are better, accept them (segmenter runs accept)."),
    )  # fmt: skip
    return History(continuity, movement, AlertCount(False, 3, 2, 7, 2, 1, 4, 3, unseen=2))


def _flows(run):
    """Those who stayed in each segment, some who moved, and one cell each of who came and who went."""
    numbers = {card.name: card.label for card in run.findings.cards}
    stayed = [(name, name, 80 + 10 * at, 0) for at, name in enumerate(NAMES)]
    moved = [(NAMES[1], NAMES[0], 40, 10), (None, NAMES[2], 3, 0), (NAMES[4], None, 5, 0)]
    return tuple(
        Flow(before, now, n, 25.0 * n, 27.5 * n, n - drawn, drawn, numbers.get(before), numbers.get(now))
        for before, now, n, drawn in (*stayed, *moved)
    )


def _alerts(anomalies):
    """An alert for each of the odd, in every state."""
    states = ("new", "new", "new", "worsened", "worsened", *("ongoing",) * 7, "resolved", "resolved")
    table = anomalies[["customer_id", "severity", "amount_at_stake", "reason", "evidence"]]
    return table.assign(
        state=states,
        since="20261123T080000Z-7f3a",
        changed="2011-12-10",
        cause="customer",
        told_severity=50.0,
        verdict=None,
        until=None,
    )
