-- One row per customer of at least half a year: money per day in the last 90 days compared with the days before,
-- between -1 (nothing in the last 90 days) and 1 (nothing before).
-- The day $as_of itself counts if it has orders.
with seen as (
    select case when max(day) = cast($as_of as date) then 1 else 0 end as today
    from days
),

ages as (
    select
        days.customer_id,
        days.sold,
        date_diff('day', days.day, cast($as_of as date)) + seen.today as age
    from days
    cross join seen
),

spans as (
    select
        customer_id,
        max(age) as tenure,
        coalesce(sum(sold) filter (where age <= 90), 0) as recent,
        coalesce(sum(sold) filter (where age > 90), 0) as earlier
    from ages
    group by customer_id
),

rates as (
    select
        customer_id,
        cast(recent as double) / 90 as recent_rate,
        cast(earlier as double) / (tenure - 90) as earlier_rate
    from spans
    where tenure >= 180 and recent + earlier > 0
)

select
    customer_id,
    (recent_rate - earlier_rate) / (recent_rate + earlier_rate) as spend_trend
from rates
