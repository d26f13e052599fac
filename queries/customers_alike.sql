-- One row: the number of customers whose id differs from another's only in upper and lower case.
with alike as (
    select count(*) as n
    from features_value
    group by lower(customer_id)
    having count(*) > 1
)

select cast(coalesce(sum(n), 0) as bigint) as n_customers
from alike
