"""Online Retail: are the customers found whom any honest search finds, and who else is among the first twenty?

python bench/retail.py FOLDER-OF-THE-EXPORTS
"""

from __future__ import annotations

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
    first = [(rank[customer], customer, reason[customer]) for customer in list(rank)[:FIRST]]
    account = finished.manifest.account
    text = (
        f"Default configuration; {account.rows_read:,} rows read, worth {account.amount_read:,.2f}; {len(found)} of "
        f"{len(finished.customers):,} customers flagged.\n\n"
        + table(("customer", "known for", "severity rank", "reason given"), known)
        + f"\n\nThe first {FIRST} by severity:\n\n"
        + table(("rank", "customer", "reason given"), first)
    )
    write("Known customers of Online Retail", text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
