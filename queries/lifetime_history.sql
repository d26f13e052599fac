-- One row per customer with a standing order before the day $until: the number of days with orders after the first, the days
-- from the first to the last of them and from the first to $until, and the mean money of a day with orders, without
-- cancelled lines and before returns.
select
    customer_id,
    count(*) - 1 as repeats,
    date_diff('day', min(day), max(day)) as recency,
    date_diff('day', min(day), cast($until as date)) as age,
    cast(sum(sold) as double) / count(*) as order_value
from days
where day < cast($until as date)
group by customer_id
