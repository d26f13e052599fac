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

products as (
    select product
    from bought
    group by product
    having count(*) > 1
    order by count(*) desc, product
    limit $max_products
),

customers as (
    select distinct customer_id
    from bought
    order by md5(customer_id)
    limit $max_customers
),

names as (
    select
        product,
        description
    from transactions
    where description is not null
    group by product, description
    qualify row_number() over (partition by product order by count(*) desc, description) = 1
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
