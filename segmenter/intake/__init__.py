"""Any export -> the DuckDB table `transactions` and an account of every row.

The way of an export, in the order in which `load` goes it:

- `sources`, `tally`: what is named becomes files, each with its kind, its hash and a count of its records.
- `batches` (`encoding`, `dialect`, `texts`, `workbook`, `tables`): files that are cut alike, not yet read.
- `roles` (`names`, `sample`, `kinds`, `doubts`): the first rows tell which column plays which role, or that it is in doubt.
- `formats` (`moments`, `date_words`, `numbers`): how dates and numbers are written; with the roles that is a `schema`.
- `parse`: by its schema each layout goes into the table ``lines``, in one scan where it is plainly written (`fast`), else
  cell by cell (`cells`, `records`, `orders`, `lines`; `torn` and `line_numbers` for what cannot be read), or comes from
  the `cache` (`packs`).
- `settlement`: what records do to each other, such as a return to its sale.
- `account`: every row and its money, by what became of it.

`cluster` goes the same way where the export lies in a Spark cluster.
"""

from segmenter.intake.account import check
from segmenter.intake.cluster import lies_in_cluster, load_in_cluster
from segmenter.intake.load import load, open_connection
from segmenter.intake.recognition import suggest_config

__all__ = ["check", "lies_in_cluster", "load", "load_in_cluster", "open_connection", "suggest_config"]
