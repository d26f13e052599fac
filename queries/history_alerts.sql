-- One row per run and customer reported as newly odd or worse, the oldest run and the most severe first.
-- Run it in DuckDB from the folder that holds `runs/`.
select
    regexp_extract(filename, '(\d{8}T\d{6}Z-[0-9a-f]+)', 1) as run,
    customer_id,
    state,
    since,
    severity,
    cast(amount_at_stake as decimal(18, 2)) as amount_at_stake,
    reason
from read_parquet('runs/*/alerts.parquet', filename = true, union_by_name = true)
where state in ('new', 'worsened') and verdict is null
order by run, severity desc, customer_id
