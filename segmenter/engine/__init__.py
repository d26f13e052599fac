"""What runs the queries: DuckDB on this machine, or Spark on many."""
