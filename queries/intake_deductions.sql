-- One row per record that takes money off its order, as a coupon does, and whether (`stands`) a sale beside it stands: its code is
-- deducted more often than sold, and other lines were bought in the same order at the same time. Returned products are mostly
-- sold as well; if one was sold before the export begins, its pieces are negative and it occurs in few orders. Most returns have
-- an order of their own, which excludes them before all records are searched for sales of their code.
CREATE OR REPLACE TABLE deductions AS
WITH backs AS (
    SELECT record, customer_id, order_id, product, ts
    FROM candidates
    WHERE amount < 0
        AND fate IN ('return', 'cancellation', 'negative_price')
        AND NOT regexp_matches(lower(product || ' ' || coalesce(description, '')), $given_back)
        AND order_id IS NOT NULL
        AND record NOT IN (SELECT record FROM settled)
),
beside AS (
    SELECT customer_id, order_id, ts, max(CASE WHEN fate = 'sale' THEN 1 ELSE 0 END) AS stands
    FROM candidates
    WHERE status = 'sale'
        AND (customer_id, order_id) IN (SELECT customer_id, order_id FROM backs)
        AND record NOT IN (SELECT record FROM settled)
    GROUP BY customer_id, order_id, ts
),
taken_off AS (
    SELECT backs.record, backs.customer_id, backs.order_id, backs.product, beside.stands
    FROM backs
    INNER JOIN beside
        ON beside.customer_id = backs.customer_id AND beside.order_id = backs.order_id AND beside.ts = backs.ts
),
codes AS (
    SELECT product
    FROM records
    WHERE product IN (SELECT product FROM taken_off)
    GROUP BY product
    HAVING sum(CASE WHEN amount < 0 THEN 1 ELSE -1 END) > 0
        AND (
            max(CASE WHEN amount < 0 AND quantity > 0 THEN 1 ELSE 0 END) = 1
            OR count(DISTINCT CASE WHEN amount < 0 THEN order_id END) >= 5
        )
)
SELECT record, customer_id, order_id, stands
FROM taken_off
WHERE product IN (SELECT product FROM codes)
