-- One row per record that takes money off its order, as a coupon does: a code that is oftener taken off than sold, beside lines
-- that were sold in the same order at the same moment. What customers give back are products, which others buy.
INSERT INTO settled
WITH codes AS (
    SELECT product
    FROM records
    WHERE product IN (
        SELECT product FROM records WHERE amount < 0 AND fate IN ('return', 'cancellation', 'negative_price')
    )
    GROUP BY product
    HAVING sum(CASE WHEN amount < 0 THEN 1 ELSE -1 END) > 0
),
deductions AS (
    SELECT record, customer_id, order_id, ts
    FROM records
    WHERE amount < 0
        AND fate IN ('return', 'cancellation', 'negative_price')
        AND product IN (SELECT product FROM codes)
        AND record NOT IN (SELECT record FROM settled)
),
beside AS (
    SELECT customer_id, order_id, ts, max(CASE WHEN fate = 'sale' THEN 1 ELSE 0 END) AS stands
    FROM records
    WHERE status = 'sale'
        AND customer_id IN (SELECT customer_id FROM deductions)
        AND record NOT IN (SELECT record FROM settled)
    GROUP BY customer_id, order_id, ts
)
SELECT
    deductions.record,
    CASE WHEN beside.stands = 1 THEN 'discount' ELSE 'cancelled_status' END AS fate,
    CASE WHEN beside.stands = 1 THEN 'discount' END AS status
FROM deductions
INNER JOIN beside
    ON beside.customer_id = deductions.customer_id AND beside.order_id = deductions.order_id AND beside.ts = deductions.ts
