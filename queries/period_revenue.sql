-- One row per customer with a transaction in the $days days that end with the day $as_of: their money, net of returns.
select
    customer_id,
    cast(coalesce(sum(amount) filter (where status in ('sale', 'return')), 0) as double) as revenue
from transactions
where cast(ts as date) <= cast($as_of as date)
    and date_diff('day', cast(ts as date), cast($as_of as date)) < $days
group by customer_id
