-- One row per order of a customer up to the day $as_of: when it was placed, what was ordered and what
-- of it was not cancelled. A number that recurs on another day is another order, because tills restart
-- their numbers each day, and renewals of a subscription share one. Lines without a number are one order a
-- day. The other feature queries read this result as `orders`.
select
    customer_id,
    order_id,
    min(ts) as placed,
    cast(min(ts) as date) as day,
    sum(amount + coalesce(refunded, 0)) as ordered,                           -- money, cancelled lines included
    coalesce(sum(amount) filter (where status <> 'cancelled'), 0) as sold,    -- money without cancelled lines, less discounts
    sum(quantity) filter (where status <> 'discount') as pieces,              -- cancelled lines included
    count(*) filter (where status <> 'discount') as n_lines,
    count(*) filter (where status = 'sale') as n_sold,
    min(product) filter (where status <> 'discount') as first_product,
    max(product) filter (where status <> 'discount') as last_product
from transactions
where status in ('sale', 'discount', 'cancelled')
    and cast(ts as date) <= cast($as_of as date)
group by customer_id, order_id, cast(ts as date)
