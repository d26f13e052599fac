-- One row per run and pair of segments, before and now: the customers who moved since the previous run, and their money in
-- both periods; NULL stands for new or lost customers. Run it in DuckDB from the folder that holds `runs/`.
select
    regexp_extract(filename, '(\d{8}T\d{6}Z-[0-9a-f]+)', 1) as run,
    segment_before,
    segment_now,
    count(*) as customers,
    count(*) filter (where cause = 'cut point') as by_cut_point,
    sum(cast(money_before as decimal(18, 2))) as money_before,
    sum(cast(money_now as decimal(18, 2))) as money_now
from read_parquet('runs/*/moves.parquet', filename = true, union_by_name = true)
group by run, number_before, number_now, segment_before, segment_now
order by run, number_before nulls last, number_now nulls last
