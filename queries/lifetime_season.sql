-- One row: the number of days with orders, summed over all customers, from the day $since to the day before $turn, and from
-- $turn to the day before $until.
select
    count(*) filter (where day < cast($turn as date)) as orders_before,
    count(*) filter (where day >= cast($turn as date)) as orders_after
from days
where day >= cast($since as date) and day < cast($until as date)
