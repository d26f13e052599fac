-- One row per record of an order that is marked as refunded, its discounts included: cancelled, unless other rows also take the
-- order back, which then say how much. These are returns under the order's number, or under numbers without a sale that take no
-- other sale back. A discount among the lines of another order takes no order back.
INSERT INTO settled
WITH known AS (
    SELECT
        record, customer_id, fate, status,
        coalesce(order_id, CAST(CAST(ts AS DATE) AS VARCHAR)) AS order_id  -- lines of a day without a number are one order
    FROM records
    WHERE customer_id IN (SELECT customer_id FROM records WHERE fate = 'refunded_status')
),
marked AS (
    SELECT record, customer_id, order_id, 'sale' AS fate
    FROM known
    WHERE fate = 'refunded_status' AND record NOT IN (SELECT record FROM settled)
    UNION ALL
    SELECT record, customer_id, order_id, 'discount' AS fate
    FROM deductions
    WHERE stands = 0 AND record NOT IN (SELECT record FROM settled)
),
backs AS (
    SELECT record, customer_id, order_id
    FROM known
    WHERE status = 'return'
        AND record NOT IN (SELECT record FROM settled WHERE fate = 'duplicate')
        AND record NOT IN (SELECT record FROM deductions)
),
apart AS (
    SELECT customer_id
    FROM backs
    WHERE record NOT IN (SELECT record FROM settled)
        AND (customer_id, order_id) NOT IN (SELECT customer_id, order_id FROM known WHERE status = 'sale')
),
judged AS (
    SELECT
        record,
        fate AS before,
        CASE
            WHEN (customer_id, order_id) IN (SELECT customer_id, order_id FROM backs) THEN fate
            WHEN customer_id IN (SELECT customer_id FROM apart) THEN fate
            ELSE 'cancelled_status'
        END AS fate
    FROM marked
)
SELECT
    record,
    fate,
    CASE WHEN fate <> 'cancelled_status' THEN fate WHEN before = 'sale' THEN 'cancelled' END AS status
FROM judged
