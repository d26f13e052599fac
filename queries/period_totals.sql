-- One row: the days that the transactions cover, and their totals; money net of returns.
select
    cast(min(ts) as date) as first_day,
    cast(max(ts) as date) as last_day,
    count(*) filter (where status in ('sale', 'return', 'discount')) as n_transactions,
    (select count(*) from orders where n_sold > 0) as n_orders,
    (select count(*) from features_value) as n_customers,
    (select count(*) from features_value where frequency = 0) as n_without_order,
    cast(coalesce(sum(amount) filter (where status in ('sale', 'return', 'discount')), 0) as double) as revenue
from transactions
where cast(ts as date) <= cast($as_of as date)
