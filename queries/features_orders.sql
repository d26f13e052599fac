-- One row per order of a customer, seen from the day $as_of: when it was placed, what was ordered
-- and what of it stood. Later transactions are not seen. A number that comes back on another day is
-- another order: tills begin anew each day, and a subscription's renewals go by one number. Lines without
-- a number are one order a day. The other feature queries read this result under the name `orders`.
select
    customer_id,
    order_id,
    min(ts) as placed,
    cast(min(ts) as date) as day,
    sum(amount + coalesce(refunded, 0)) as ordered,                           -- money, cancelled lines included
    coalesce(sum(amount) filter (where status <> 'cancelled'), 0) as sold,    -- money of the lines that stood, less discounts
    sum(quantity) filter (where status <> 'discount') as pieces,              -- cancelled lines included
    count(*) filter (where status <> 'discount') as n_lines,
    count(*) filter (where status = 'sale') as n_sold,
    min(product) filter (where status <> 'discount') as first_product,
    max(product) filter (where status <> 'discount') as last_product
from transactions
where status in ('sale', 'discount', 'cancelled')
    and cast(ts as date) <= cast($as_of as date)
group by customer_id, order_id, cast(ts as date)
