-- One row per customer with a transaction in the $days days before the day $until: their money, net of returns.
select
    customer_id,
    cast(coalesce(sum(amount) filter (where status in ('sale', 'return', 'discount')), 0) as double) as revenue
from transactions
where cast(ts as date) < cast($until as date)
    and date_diff('day', cast(ts as date), cast($until as date)) <= $days
group by customer_id
