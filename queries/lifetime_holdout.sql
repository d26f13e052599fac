-- One row per customer with a standing order before the day $split: the days with orders from $split to the day
-- before $until, and their money, of the lines that stood, before returns.
with days as (
    select
        customer_id,
        cast(ts as date) as day,
        sum(amount) as sold
    from transactions
    where status = 'sale' and cast(ts as date) < cast($until as date)
    group by customer_id, cast(ts as date)
)

select
    customer_id,
    count(*) filter (where day >= cast($split as date)) as orders,
    cast(coalesce(sum(sold) filter (where day >= cast($split as date)), 0) as double) as revenue
from days
group by customer_id
having min(day) < cast($split as date)
order by customer_id
