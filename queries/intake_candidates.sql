-- One row per record of the customers who gave anything back: only these can be matched, or have money taken off their
-- orders, and they are few. A statement of its own, because a single key with no other condition beside it rules records out
-- while they are scanned. What a row is called is looked at in what takes money back alone.
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
