-- One row per customer with a standing order: how many of the orders another customer placed identically (same day, money,
-- pieces, number of lines, first and last product). Orders of one or two lines may agree by chance and do not count, nor
-- does a single one. Cancelled orders are left out, as an order that moves to another account is cancelled on the first.
with twins as (
    select
        day,
        sold,
        pieces,
        n_lines,
        first_product,
        last_product
    from orders
    where n_sold > 0 and n_lines > 2
    group by day, sold, pieces, n_lines, first_product, last_product
    having min(customer_id) <> max(customer_id)
),

counted as (
    select
        orders.customer_id,
        count(*) as n_alike
    from orders
    inner join twins
        on twins.day = orders.day
        and twins.sold = orders.sold
        and twins.n_lines = orders.n_lines
        and twins.pieces is not distinct from orders.pieces
        and twins.first_product is not distinct from orders.first_product
        and twins.last_product is not distinct from orders.last_product
    where orders.n_sold > 0
    group by orders.customer_id
)

select
    customers.customer_id,
    case when counted.n_alike > 1 then counted.n_alike else 0 end as shared_orders
from (select distinct customer_id from days) as customers
left join counted on counted.customer_id = customers.customer_id
