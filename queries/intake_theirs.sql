-- One row per record of the customers who gave anything back: only these can be matched, and they are few. A statement of
-- its own, because a single key with no other condition beside it rules records out while they are scanned.
CREATE OR REPLACE TABLE theirs AS
SELECT
    record,
    file,
    customer_id,
    product,
    ts,
    quantity,
    amount,
    status
FROM records
WHERE customer_id IN (SELECT customer_id FROM records WHERE status = 'return')
