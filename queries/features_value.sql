-- One row per customer: how recently, how often and for how much, and what was given back.
-- The dates of a customer without a standing order come from the other transactions; the share given back
-- needs five orders to be meaningful.
with products as (
    select
        customer_id,
        count(distinct product) as n_products
    from transactions
    where status in ('sale', 'cancelled') and cast(ts as date) <= cast($as_of as date)
    group by customer_id
),

others as (
    select
        customer_id,
        coalesce(sum(amount) filter (where status = 'return'), 0) as returned,
        coalesce(sum(coalesce(refunded, abs(amount))) filter (where status <> 'cancellation'), 0) as given_back,
        count(*) filter (where status <> 'cancellation') as n_given_back,
        coalesce(max(coalesce(refunded, abs(amount))) filter (where status <> 'cancellation'), 0) as largest_given_back,
        cast(min(ts) as date) as first_day,
        cast(max(ts) as date) as last_day
    from transactions
    where (status not in ('sale', 'discount') or refunded > 0) and cast(ts as date) <= cast($as_of as date)
    group by customer_id
),

placed as (
    select
        customer_id,
        count(*) as n_placed,
        count(*) filter (where n_sold > 0) as n_orders,
        sum(sold) as sold,
        sum(ordered) as gross,
        sum(pieces) as pieces,
        max(ordered) as largest_order,
        min(day) filter (where n_sold > 0) as first_day,
        max(day) filter (where n_sold > 0) as last_day
    from orders
    group by customer_id
),

known as (
    select
        coalesce(placed.customer_id, others.customer_id) as customer_id,
        placed.n_placed,
        coalesce(placed.n_orders, 0) as n_orders,
        placed.sold,
        placed.gross,
        placed.pieces,
        placed.largest_order,
        coalesce(placed.first_day, others.first_day) as first_day,
        coalesce(placed.last_day, others.last_day) as last_day,
        coalesce(placed.sold, 0) + coalesce(others.returned, 0) as net,
        coalesce(others.given_back, 0) as given_back,
        coalesce(others.n_given_back, 0) as n_given_back,
        coalesce(others.largest_given_back, 0) as largest_given_back
    from placed
    full outer join others on others.customer_id = placed.customer_id
)

select
    known.customer_id,
    date_diff('day', known.last_day, cast($as_of as date)) as recency,
    known.n_orders as frequency,
    cast(known.net as double) as monetary,
    case when known.n_orders > 0 then cast(known.sold as double) / known.n_orders end as average_order_value,
    date_diff('day', known.first_day, cast($as_of as date)) as tenure,
    cast(known.pieces as double) / known.n_placed as items_per_order,
    case when products.n_products > 0 then products.n_products end as distinct_products,
    case
        when coalesce(known.n_placed, 0) < 5 then null
        when known.given_back >= known.gross then cast(1 as double)
        else cast(known.given_back as double) / cast(known.gross as double)
    end as return_share,
    known.n_given_back as returned_lines,
    cast(known.largest_given_back as double) as largest_return,
    cast(known.largest_order as double) as largest_order
from known
left join products on products.customer_id = known.customer_id
