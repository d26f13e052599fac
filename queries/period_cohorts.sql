-- One row per cohort (the customers with a first order in the same month) and month with orders of it: how many customers
-- of the cohort ordered.
with active as (
    select distinct
        customer_id,
        cast(extract(year from day) * 12 + extract(month from day) - 1 as integer) as month_number
    from days
),

joined as (
    select
        month_number,
        min(month_number) over (partition by customer_id) as cohort
    from active
)

select
    cohort,
    month_number - cohort as month,
    count(*) as n_customers
from joined
group by cohort, month_number
order by cohort, month_number
