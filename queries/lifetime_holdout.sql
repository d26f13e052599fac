-- One row per customer with a standing order before the day $split: the number of days with orders from $split to the day before
-- $until, those of them before the day $soon, and their money without cancelled lines and before returns.
select
    customer_id,
    count(*) filter (where day >= cast($split as date)) as orders,
    count(*) filter (where day >= cast($split as date) and day < cast($soon as date)) as orders_soon,
    cast(coalesce(sum(sold) filter (where day >= cast($split as date)), 0) as double) as revenue
from days
where day < cast($until as date)
group by customer_id
having min(day) < cast($split as date)
