-- One row per customer and day with a standing order (one with a line that was not cancelled): the number of these orders, and
-- the money of their lines that were not cancelled, before returns. Other queries read this result as `days`.
select
    customer_id,
    day,
    date_diff('day', cast('1970-01-01' as date), day) as day_number,
    sum(sold) as sold,
    count(*) as n_orders
from orders
where n_sold > 0
group by customer_id, day
