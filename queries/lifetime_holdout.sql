-- One row per customer with a standing order before the day $split: the days with orders from $split to the day
-- before $until, and their money, of the lines that stood, before returns.
select
    customer_id,
    count(*) filter (where day >= cast($split as date)) as orders,
    cast(coalesce(sum(sold) filter (where day >= cast($split as date)), 0) as double) as revenue
from days
where day < cast($until as date)
group by customer_id
having min(day) < cast($split as date)
