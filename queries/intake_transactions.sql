-- One row per line of an export that belongs to a customer's history: sales and returns, and sales
-- taken back in full with what took them back ($keep_cancelled), which count as behaviour, not as money.
CREATE TABLE transactions AS
SELECT
    customer_id,
    ts,
    coalesce(order_id, customer_id || ' ' || CAST(CAST(ts AS DATE) AS VARCHAR)) AS order_id,
    coalesce(product, description) AS product,
    description,
    category,
    quantity,
    amount,
    email,
    CASE fate WHEN 'cancelled_status' THEN 'cancelled' ELSE fate END AS status
FROM judged
WHERE fate IN ('sale', 'return')
    OR ($keep_cancelled AND fate IN ('cancelled', 'cancellation', 'cancelled_status'))
