-- One row per record that takes money off its order, as a coupon does, and whether lines beside it stand: a code that is oftener
-- taken off than sold, beside what was bought in the same order at the same moment. What customers give back are products, which
-- others buy; one that was sold before the export begins has pieces below nothing, and not in many orders.
CREATE OR REPLACE TABLE deductions AS
WITH codes AS (
    SELECT product
    FROM records
    WHERE product IN (
        SELECT product FROM records WHERE amount < 0 AND fate IN ('return', 'cancellation', 'negative_price')
    )
    GROUP BY product
    HAVING sum(CASE WHEN amount < 0 THEN 1 ELSE -1 END) > 0
        AND (
            max(CASE WHEN amount < 0 AND quantity > 0 THEN 1 ELSE 0 END) = 1
            OR count(DISTINCT CASE WHEN amount < 0 THEN order_id END) >= 5
        )
),
taken_off AS (
    SELECT record, customer_id, order_id, ts
    FROM records
    WHERE amount < 0
        AND fate IN ('return', 'cancellation', 'negative_price')
        AND product IN (SELECT product FROM codes)
        AND NOT regexp_matches(lower(product || ' ' || coalesce(description, '')), $given_back)
        AND order_id <> customer_id || ' ' || CAST(CAST(ts AS DATE) AS VARCHAR)  -- which stands for a number where there is none
        AND record NOT IN (SELECT record FROM settled)
),
beside AS (
    SELECT customer_id, order_id, ts, max(CASE WHEN fate = 'sale' THEN 1 ELSE 0 END) AS stands
    FROM records
    WHERE status = 'sale'
        AND customer_id IN (SELECT customer_id FROM taken_off)
        AND record NOT IN (SELECT record FROM settled)
    GROUP BY customer_id, order_id, ts
)
SELECT taken_off.record, taken_off.customer_id, taken_off.order_id, beside.stands
FROM taken_off
INNER JOIN beside
    ON beside.customer_id = taken_off.customer_id AND beside.order_id = taken_off.order_id AND beside.ts = taken_off.ts
