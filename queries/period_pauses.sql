-- One row per length, in days, of the pauses between one day with transactions and the next: the number of such pauses.
with active as (
    select distinct cast(ts as date) as day
    from transactions
    where cast(ts as date) <= cast($as_of as date)
),

pauses as (
    select date_diff('day', lag(day) over (order by day), day) as n_days
    from active
)

select
    n_days,
    count(*) as n_pauses
from pauses
where n_days is not null
group by n_days
order by n_days
