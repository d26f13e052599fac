-- One row per customer and product: in how many orders. Of the $max_products products that most
-- customers bought, codes that match $excluded left out, for at most $max_customers customers,
-- drawn by a hash of the id. A product carries the name it has most often.
with bought as (
    select
        customer_id,
        product,
        count(distinct order_id) as n_orders
    from transactions
    where status = 'sale'
        and product is not null
        and not regexp_full_match(product, $excluded)
        and cast(ts as date) <= cast($as_of as date)
    group by customer_id, product
),

breadth as (
    select
        product,
        count(*) as n_customers
    from bought
    group by product
),

products as (
    select product
    from breadth
    where n_customers > 1
    order by n_customers desc, product
    limit $max_products
),

customers as (
    select distinct customer_id
    from bought
    order by md5(customer_id)
    limit $max_customers
),

spellings as (
    select
        product,
        description,
        count(*) as n_lines
    from transactions
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
inner join customers on customers.customer_id = bought.customer_id
left join names on names.product = bought.product
order by bought.customer_id, bought.product
