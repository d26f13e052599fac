-- One row per order (as defined in features_orders.sql) of the customers $customers: the $n largest of each, as placed.
with placed as (
    select
        customer_id,
        order_id,
        min(ts) as placed,
        sum(quantity) filter (where status <> 'discount') as pieces,
        sum(amount + coalesce(refunded, 0)) as amount,
        coalesce(sum(amount) filter (where status = 'cancelled'), 0) as cancelled
    from transactions
    where status in ('sale', 'discount', 'cancelled')
        and cast(ts as date) <= cast($as_of as date)
        and customer_id in (select unnest($customers))
    group by customer_id, order_id, cast(ts as date)
),

ranked as (
    select
        *,
        row_number() over (partition by customer_id order by amount desc, placed, order_id) as place
    from placed
)

select
    customer_id,
    order_id,
    placed,
    cast(pieces as double) as pieces,
    cast(amount as double) as amount,
    cast(cancelled as double) as cancelled
from ranked
where place <= $n
order by customer_id, place
