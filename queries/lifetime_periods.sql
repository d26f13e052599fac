-- One row per period of $days days that has an order, of those that lie between the day $split and the day before $until, on which
-- the last of them ends: the number of days with orders, summed over the customers with a standing order before $split and a
-- hash of at most $limit; an empty limit stands for all.
with joined as (
    select
        date_diff('day', day, cast($until as date)) - 1 as days_after,
        date_diff('day', cast($split as date), cast($until as date)) as held_out,
        min(day) over (partition by customer_id) as first_day
    from days
    where day < cast($until as date) and ($limit = '' or md5(customer_id) <= $limit)
),

numbered as (
    select
        cast(floor(cast(held_out as double) / $days) - 1 - floor(cast(days_after as double) / $days) as integer) as period
    from joined
    where days_after < held_out and first_day < cast($split as date)
)

select
    period,
    count(*) as orders
from numbered
where period >= 0
group by period
order by period
