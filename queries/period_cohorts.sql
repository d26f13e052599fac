-- One row per cohort (the customers whose first order fell into a month) and month in which they
-- ordered: how many of them did.
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
