-- One row per customer with a standing order: the rhythm of the days and hours of the orders.
-- The variation of gaps needs five days with orders, the spread of hours ten orders, and the busiest 30 days a record of two
-- months. Orders in a day count from three on, as two are common, for example for a forgotten item.
-- Variances are computed from integer sums, so that the order of rows does not change a digit. As the clock is a circle, the
-- spread of hours is the smaller of those counted from midnight and from noon.
with gaps as (
    select
        customer_id,
        day_number - lag(day_number) over (partition by customer_id order by day_number) as gap,
        sold,
        n_orders,
        sum(sold) over (
            partition by customer_id order by day_number range between 29 preceding and current row
        ) as sold_in_30_days
    from days
),

rhythm as (
    select
        customer_id,
        count(gap) as n_gaps,
        sum(gap) as total_gap,
        sum(gap * gap) as squared_gap,
        max(gap) as longest_gap,
        max(sold_in_30_days) as busiest_sold,
        sum(sold) as sold,
        max(n_orders) as busiest_orders
    from gaps
    group by customer_id
),

minutes as (
    select
        customer_id,
        extract(hour from placed) * 60 + extract(minute from placed) as since_midnight,
        (extract(hour from placed) * 60 + extract(minute from placed) + 720) % 1440 as since_noon
    from orders
    where n_sold > 0
),

clock as (
    select
        customer_id,
        count(*) as n_orders,
        least(
            count(*) * sum(since_midnight * since_midnight) - sum(since_midnight) * sum(since_midnight),
            count(*) * sum(since_noon * since_noon) - sum(since_noon) * sum(since_noon)
        ) as squared
    from minutes
    group by customer_id
)

select
    rhythm.customer_id,
    case when n_gaps > 0 then cast(total_gap as double) / n_gaps end as mean_gap,
    case
        when n_gaps >= 4
            then sqrt(
                cast(n_gaps * squared_gap - total_gap * total_gap as double) / n_gaps / (n_gaps - 1)
            ) * n_gaps / total_gap
    end as gap_variation,
    longest_gap,
    case when total_gap >= 60 and sold > 0 then cast(busiest_sold as double) / cast(sold as double) end as burst,
    case
        when n_orders >= 10
            then sqrt(cast(squared as double) / n_orders / (n_orders - 1)) / 60
    end as hour_spread,
    case when busiest_orders >= 3 then busiest_orders else 0 end as orders_in_a_day
from rhythm
inner join clock on clock.customer_id = rhythm.customer_id
