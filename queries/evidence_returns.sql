-- One row per line of the customers $customers that was returned or cancelled: the $n largest each.
with ranked as (
    select
        *,
        row_number() over (
            partition by customer_id order by abs(amount) desc, ts, order_id, product, quantity
        ) as place
    from transactions
    where status in ('return', 'cancelled')
        and cast(ts as date) <= cast($as_of as date)
        and customer_id in (select unnest($customers))
)

select
    customer_id,
    order_id,
    ts as at,
    coalesce(description, product) as product,
    cast(abs(quantity) as double) as pieces,
    cast(abs(amount) as double) as money,
    status = 'cancelled' as cancelled
from ranked
where place <= $n
order by customer_id, place
