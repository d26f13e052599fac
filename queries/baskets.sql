-- One row per customer and product: the number of orders with it. Covers at most $max_customers customers, sampled by a hash
-- of the id, and the $max_products products that most of them bought, without codes that match $excluded. A product has its
-- most frequent name among them.
with customers as (
    select customer_id
    from features_value
    order by md5(customer_id), customer_id
    limit $max_customers
),

sales as (
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
    from sales
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

names as (
    select
        product,
        description,
        row_number() over (partition by product order by count(*) desc, description) as place
    from sales
    where description is not null
    group by product, description
)

select
    bought.customer_id,
    coalesce(names.description, bought.product) as name,
    bought.n_orders
from bought
inner join products on products.product = bought.product
left join names on names.product = bought.product and names.place = 1
order by bought.customer_id, bought.product
