-- One row: the number of days with orders, summed over all customers, from the day $since to the day before $turn, and from
-- $turn to the day before $until; and the number of customers who placed the latter.
select
    count(*) filter (where day < cast($turn as date)) as orders_before,
    count(*) filter (where day >= cast($turn as date)) as orders_after,
    count(distinct case when day >= cast($turn as date) then customer_id end) as customers_after
from days
where day >= cast($since as date) and day < cast($until as date)
