-- One row per day with transactions among the $days days that end with the day $as_of: its money, net of returns.
select
    date_diff('day', cast(ts as date), cast($as_of as date)) as days_ago,
    cast(coalesce(sum(amount) filter (where status in ('sale', 'return', 'discount')), 0) as double) as revenue
from transactions
where cast(ts as date) <= cast($as_of as date)
    and date_diff('day', cast(ts as date), cast($as_of as date)) < $days
group by date_diff('day', cast(ts as date), cast($as_of as date))
order by days_ago
