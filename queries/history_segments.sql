-- One row per run and segment: the number of customers, their revenue, and how many are odd, the oldest run first.
-- Run it in DuckDB from the folder that holds `runs/`.
select
    regexp_extract(filename, '(\d{8}T\d{6}Z-[0-9a-f]+)', 1) as run,
    segment,
    segment_name,
    count(*) as customers,
    sum(cast(monetary as decimal(18, 2))) as revenue,
    sum(cast(period_revenue as decimal(18, 2))) as period_revenue,
    count(*) filter (where is_anomaly) as odd
from read_parquet('runs/*/customers.parquet', filename = true, union_by_name = true)
group by all
order by run, segment
