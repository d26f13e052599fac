"""Any export -> the DuckDB table `transactions` and an account of every row.

The steps, in the order in which `load` takes them:

- `sources`, `tally`: find the files, and the kind, hash and record count of each.
- `batches` (`encoding`, `dialect`, `texts`, `workbook`, `tables`): group files of the same layout, without reading them.
- `roles` (`names`, `sample`, `kinds`, `doubts`): decide from the first rows which column plays which role, or what is `undecided`.
- `formats` (`moments`, `date_words`, `numbers`): decide how dates and numbers are written; with the roles, a `schema`.
- `parse`: read each layout into the table ``lines`` by its schema: in one scan where it is plainly written (`fast`), else
  cell by cell (`cells`, `records`, `orders`, `lines`; `torn` and `line_numbers` for records that cannot be read), or from
  the `cache` (`packs`).
- `settlement`: match records with each other, such as a return with its sale.
- `account`: count every row and its money by what became of it.

`cluster` takes the same steps where the export lies in a Spark cluster.
"""

from segmenter.intake.account import check
from segmenter.intake.cluster import lies_in_cluster, load_in_cluster
from segmenter.intake.load import load, open_connection, recognised
from segmenter.intake.recognition import suggest_config

__all__ = ["check", "lies_in_cluster", "load", "load_in_cluster", "open_connection", "recognised", "suggest_config"]
