-- One row: how many customers have an id that another's differs from in capitals alone.
with alike as (
    select count(*) as n
    from features_value
    group by lower(customer_id)
    having count(*) > 1
)

select cast(coalesce(sum(n), 0) as bigint) as n_customers
from alike
