"""When: cron in a time zone, the ledger of due times, the service loop."""
