-- One row per month with transactions: its money, net of returns.
select
    cast(extract(year from ts) * 12 + extract(month from ts) - 1 as integer) as month_number,
    cast(coalesce(sum(amount) filter (where status in ('sale', 'return', 'discount')), 0) as double) as revenue
from transactions
where cast(ts as date) <= cast($as_of as date)
group by cast(extract(year from ts) * 12 + extract(month from ts) - 1 as integer)
order by month_number
