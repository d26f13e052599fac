"""Any export -> the DuckDB table `transactions` and an account of every row."""
