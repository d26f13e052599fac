-- One row per week with a standing order among the $weeks weeks before the day $until: how many weeks ago it ended, the number
-- of orders, and the sum over customers of their squared number of orders.
with numbered as (
    select
        customer_id,
        cast(floor(cast(date_diff('day', day, cast($until as date)) - 1 as double) / 7) as integer) as weeks_ago
    from orders
    where n_sold > 0 and day < cast($until as date)
),

counted as (
    select
        weeks_ago,
        count(*) as n_orders
    from numbered
    where weeks_ago < $weeks
    group by weeks_ago, customer_id
)

select
    weeks_ago,
    cast(sum(n_orders) as bigint) as orders,
    cast(sum(n_orders * n_orders) as bigint) as squares
from counted
group by weeks_ago
order by weeks_ago
