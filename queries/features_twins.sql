-- One row per customer with a standing order: how many of the orders another customer placed alike
-- (same day, money, pieces, number of lines, first and last product). Orders of one or two lines
-- may agree by chance and do not count, nor does a single one; an order moved to another account is
-- cancelled on the first.
with alike as (
    select
        customer_id,
        n_lines,
        min(customer_id) over twins as first_customer,
        max(customer_id) over twins as last_customer
    from orders
    where n_sold > 0
    window twins as (partition by day, sold, pieces, n_lines, first_product, last_product)
),

counted as (
    select
        customer_id,
        count(*) filter (where n_lines > 2 and first_customer <> last_customer) as n_alike
    from alike
    group by customer_id
)

select
    customer_id,
    case when n_alike > 1 then n_alike else 0 end as shared_orders
from counted
order by customer_id
