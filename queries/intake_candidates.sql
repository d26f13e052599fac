-- One row per record of the customers with a negative amount: only their records can be matched or have deductions, and they
-- are few. A statement of its own, because a join on a single key without other conditions filters records while they are
-- scanned. The description is needed only of negative rows.
CREATE OR REPLACE TABLE candidates AS
SELECT
    record,
    file,
    customer_id,
    order_id,
    product,
    CASE WHEN amount < 0 THEN description END AS description,
    ts,
    quantity,
    amount,
    fate,
    status
FROM records
WHERE customer_id IN (
    SELECT customer_id FROM records WHERE amount < 0 AND fate IN ('return', 'cancellation', 'negative_price')
)
