-- One row per customer of a sample of $n, drawn by a hash of the id, so that the order of rows does not matter.
with customers as (
    select distinct customer_id
    from transactions
)

select customer_id
from customers
order by md5(customer_id), customer_id
limit $n
