"""Any export -> the DuckDB table `transactions` and an account of every row."""

from segmenter.intake.load import load, open_connection, suggest_config

__all__ = ["load", "open_connection", "suggest_config"]
