"""Online Retail: are the customers found whom any honest search finds, and who are the first twenty others?

python bench/retail.py FOLDER-OF-THE-EXPORTS
"""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path

from results import table, write

from segmenter import load_config
from segmenter.pipeline import run

KNOWN = {
    "12346": "one order of 74,215 pieces, cancelled 16 minutes later",
    "16446": "80,995 pieces, cancelled 12 minutes later",
    "15098": "a typing error of 38,970, cancelled",
    "14646": "280,206 spent",
    "18102": "very large spender",
    "17450": "very large spender",
    "14911": "201 invoices, 47 cancellations",
    "12748": "209 invoices",
    "17841": "124 invoices, 45 cancellations",
    "12415": "very large orders",
    "14156": "very large spender",
    "17511": "very large spender",
    "16029": "very large spender",
}
FIRST = 20
BY_HAND = Path(__file__).with_name("retail_by_hand.csv")


def by_hand(first: list[tuple[int, str, str]]) -> list[tuple[object, ...]]:
    """Rank, customer and reason, joined by what somebody saw who read the customer's transactions."""
    with BY_HAND.open(newline="", encoding="utf-8") as file:
        notes = {
            row["customer"]: (row["worth_a_look"], row["seen_in_the_transactions"]) for row in csv.DictReader(file)
        }
    return [(*line, *notes.get(line[1], ("", "not read yet"))) for line in first]


def main(exports: Path) -> None:
    """Measure, and write the section."""
    with tempfile.TemporaryDirectory() as archive:
        config = load_config(engine={"archive": archive}, report={"formats": ("csv",)})
        finished = run([str(exports / "online-retail-by-day")], config).run
    found = finished.anomalies.reset_index(drop=True)
    rank = {str(customer): number for number, customer in enumerate(found.customer_id, 1)}
    reason = dict(zip(found.customer_id.astype(str), found.reason, strict=True))
    known = [
        (customer, cause, rank.get(customer, "not flagged"), reason.get(customer, ""))
        for customer, cause in KNOWN.items()
    ]
    others = [(rank[customer], customer, reason[customer]) for customer in rank if customer not in KNOWN][:FIRST]
    account = finished.manifest.account
    text = (
        f"Default configuration; {account.rows_read:,} rows read, worth {account.amount_read:,.2f}; {len(found)} of "
        f"{len(finished.customers):,} customers flagged.\n\n"
        + table(("customer", "known for", "severity rank", "reason given"), known)
        + f"\n\nThe first {FIRST} by severity who are not among them, with what their transactions show, read by hand:\n\n"
        + table(("rank", "customer", "reason given", "worth a look", "seen in the transactions"), by_hand(others))
    )
    write("Known customers of Online Retail", text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
