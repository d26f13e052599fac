-- One row: the days that the transactions cover, and their totals; money net of returns.
select
    cast(min(ts) as date) as first_day,
    cast(max(ts) as date) as last_day,
    count(*) filter (where status in ('sale', 'return')) as n_transactions,
    count(distinct (customer_id, order_id)) filter (where status = 'sale') as n_orders,
    count(distinct customer_id) as n_customers,
    cast(coalesce(sum(amount) filter (where status in ('sale', 'return')), 0) as double) as revenue
from transactions
where cast(ts as date) <= cast($as_of as date)
