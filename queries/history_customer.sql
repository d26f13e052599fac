-- One row per run of one customer: segment, figures and oddness through time, the oldest run first.
-- Run it in DuckDB from the folder that holds `runs/`, for example after: set variable customer = '12346'
select
    regexp_extract(filename, '(\d{8}T\d{6}Z-[0-9a-f]+)', 1) as run,
    segment_name,
    recency,
    frequency,
    monetary,
    is_anomaly,
    severity,
    anomaly_reason
from read_parquet('runs/*/customers.parquet', filename = true, union_by_name = true)
where customer_id = getvariable('customer')
order by run
