-- One row per customer: money per day of the last 90 days against the days before, between -1
-- (nothing of late) and 1 (everything of late); empty for customers of less than half a year.
with spans as (
    select
        customer_id,
        date_diff('day', min(day), cast($as_of as date)) as tenure,
        coalesce(sum(sold) filter (where date_diff('day', day, cast($as_of as date)) <= 90), 0) as recent,
        coalesce(sum(sold) filter (where date_diff('day', day, cast($as_of as date)) > 90), 0) as earlier
    from days
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
