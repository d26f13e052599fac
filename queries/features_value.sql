-- One row per customer: how recently, how often and for how much, and what was given back.
-- A customer without a standing order is dated by whatever is known of him; a share of fewer than
-- five orders would say nothing.
with lines as (
    select
        customer_id,
        coalesce(sum(amount) filter (where status in ('sale', 'return')), 0) as net,
        coalesce(sum(amount) filter (where status in ('sale', 'cancelled')), 0) as gross,
        coalesce(sum(abs(amount)) filter (where status in ('cancelled', 'return')), 0) as given_back,
        count(*) filter (where status in ('cancelled', 'return')) as n_given_back,
        coalesce(max(abs(amount)) filter (where status in ('cancelled', 'return')), 0) as largest_given_back,
        count(distinct product) filter (where status in ('sale', 'cancelled')) as n_products,
        cast(min(ts) as date) as first_day,
        cast(max(ts) as date) as last_day
    from transactions
    where cast(ts as date) <= cast($as_of as date)
    group by customer_id
),

placed as (
    select
        customer_id,
        count(*) as n_placed,
        count(*) filter (where n_sold > 0) as n_orders,
        sum(sold) as sold,
        sum(pieces) as pieces,
        max(ordered) as largest_order,
        min(day) filter (where n_sold > 0) as first_day,
        max(day) filter (where n_sold > 0) as last_day
    from orders
    group by customer_id
)

select
    lines.customer_id,
    date_diff('day', coalesce(placed.last_day, lines.last_day), cast($as_of as date)) as recency,
    coalesce(placed.n_orders, 0) as frequency,
    cast(lines.net as double) as monetary,
    case when placed.n_orders > 0 then cast(placed.sold as double) / placed.n_orders end as average_order_value,
    date_diff('day', coalesce(placed.first_day, lines.first_day), cast($as_of as date)) as tenure,
    cast(placed.pieces as double) / placed.n_placed as items_per_order,
    case when lines.n_products > 0 then lines.n_products end as distinct_products,
    case
        when coalesce(placed.n_placed, 0) < 5 then null
        when lines.given_back >= lines.gross then cast(1 as double)
        else cast(lines.given_back as double) / cast(lines.gross as double)
    end as return_share,
    lines.n_given_back as returned_lines,
    cast(lines.largest_given_back as double) as largest_return,
    cast(placed.largest_order as double) as largest_order
from lines
left join placed on placed.customer_id = lines.customer_id
order by lines.customer_id
