-- One row per customer and product: in how many orders. For at most $max_customers customers, drawn by a hash of the id,
-- the $max_products products that most of them bought, codes that match $excluded left out. A product carries the
-- name it has most often among them.
with customers as (
    select customer_id
    from features_value
    order by md5(customer_id), customer_id
    limit $max_customers
),

kept as (
    select
        transactions.customer_id,
        transactions.order_id,
        cast(transactions.ts as date) as day,
        transactions.product,
        transactions.description
    from transactions
    inner join customers on customers.customer_id = transactions.customer_id
    where transactions.status = 'sale'
        and transactions.product is not null
        and cast(transactions.ts as date) <= cast($as_of as date)
),

bought as (
    select
        customer_id,
        product,
        count(distinct cast(day as varchar) || coalesce(order_id, '')) as n_orders
    from kept
    group by customer_id, product
),

products as (
    select
        product,
        count(*) as n_customers
    from bought
    where not regexp_full_match(product, $excluded)
    group by product
    having count(*) > 1
    order by n_customers desc, product
    limit $max_products
),

spellings as (
    select
        product,
        description,
        count(*) as n_lines
    from kept
    where description is not null
    group by product, description
),

ranked as (
    select
        product,
        description,
        row_number() over (partition by product order by n_lines desc, description) as place
    from spellings
),

names as (
    select
        product,
        description
    from ranked
    where place = 1
)

select
    bought.customer_id,
    coalesce(names.description, bought.product) as name,
    bought.n_orders
from bought
inner join products on products.product = bought.product
left join names on names.product = bought.product
order by bought.customer_id, bought.product
