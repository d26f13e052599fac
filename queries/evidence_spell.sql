-- One row per customer of $customers with orders on at least two days: the thirty days with the most
-- money, their share of the total, and the number of days without an order before them.
with days as (
    select
        customer_id,
        cast(ts as date) as day,
        date_diff('day', cast('1970-01-01' as date), cast(ts as date)) as day_number,
        count(distinct coalesce(order_id, '')) as n_orders,
        sum(amount) as sold
    from transactions
    where status in ('sale', 'discount')
        and cast(ts as date) <= cast($as_of as date)
        and customer_id in (select unnest($customers))
    group by customer_id, cast(ts as date)
),

spells as (
    select
        customer_id,
        min(day) over thirty_days as first_day,
        day as last_day,
        sum(n_orders) over thirty_days as n_orders,
        sum(sold) over thirty_days as amount,
        sum(sold) over (partition by customer_id) as total,
        count(*) over (partition by customer_id) as n_days
    from days
    window thirty_days as (
        partition by customer_id order by day_number range between 29 preceding and current row
    )
),

ranked as (
    select
        *,
        row_number() over (partition by customer_id order by amount desc, last_day) as place
    from spells
    where n_days > 1 and total > 0
)

select
    customer_id,
    first_day,
    last_day,
    cast(n_orders as integer) as n_orders,
    cast(amount as double) as amount,
    cast(amount as double) / cast(total as double) as share,
    date_diff(
        'day',
        (
            select max(days.day)
            from days
            where days.customer_id = busiest.customer_id and days.day < busiest.first_day
        ),
        first_day
    ) - 1 as silence
from ranked as busiest
where place = 1
order by customer_id
