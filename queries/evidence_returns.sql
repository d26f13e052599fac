-- One row per line of the customers $customers with money given back: the $n largest of each.
with ranked as (
    select
        *,
        row_number() over (
            partition by customer_id order by coalesce(refunded, abs(amount)) desc, ts, order_id, product, quantity
        ) as place
    from transactions
    where (status in ('return', 'cancelled') or refunded > 0)
        and cast(ts as date) <= cast($as_of as date)
        and customer_id in (select unnest($customers))
)

select
    customer_id,
    ts as at,
    coalesce(description, product) as product,
    cast(case when status <> 'sale' then abs(quantity) end as double) as pieces,
    cast(coalesce(refunded, abs(amount)) as double) as money,
    status = 'cancelled' as cancelled
from ranked
where place <= $n
order by customer_id, place
