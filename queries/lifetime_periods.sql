-- One row per period of $days days from the day $split on that is over by the day $until and has an order: the number of days
-- with orders, summed over the customers with a standing order before $split and a hash of at most $limit;
-- an empty limit stands for all.
with joined as (
    select
        date_diff('day', cast($split as date), day) as since,
        date_diff('day', cast($split as date), cast($until as date)) as held_out,
        min(day) over (partition by customer_id) as first_day
    from days
    where day < cast($until as date) and ($limit = '' or md5(customer_id) <= $limit)
),

numbered as (
    select
        cast(floor(cast(since as double) / $days) as integer) as period,
        cast(floor(cast(held_out as double) / $days) as integer) as n_periods
    from joined
    where since >= 0 and first_day < cast($split as date)
)

select
    period,
    count(*) as orders
from numbered
where period < n_periods
group by period
order by period
