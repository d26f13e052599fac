"""The engines that run the queries: DuckDB on this machine, or Spark on a cluster."""
