-- One row per customer with a transaction up to the date: money, net of returns, in the days that end with the date.
select
    customer_id,
    cast(
        coalesce(
            sum(amount) filter (
                where status in ('sale', 'return') and date_diff('day', cast(ts as date), cast($as_of as date)) < $days
            ),
            0
        ) as double
    ) as revenue
from transactions
where cast(ts as date) <= cast($as_of as date)
group by customer_id
order by customer_id
