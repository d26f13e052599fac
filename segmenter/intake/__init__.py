"""Any export -> the DuckDB table `transactions` and an account of every row."""

from segmenter.intake.account import check
from segmenter.intake.cluster import lies_in_cluster, load_in_cluster
from segmenter.intake.load import load, open_connection, suggest_config

__all__ = ["check", "lies_in_cluster", "load", "load_in_cluster", "open_connection", "suggest_config"]
