-- One row per order of an export: what those of its lines say that say anything, NULL where they contradict each other. Many
-- exports say what holds for an order on its first line alone. Money given back is the order's where one line alone says it.
SELECT
    file,
    order_id,
    CASE WHEN min(customer_id) = max(customer_id) THEN min(customer_id) END AS told_customer,
    CASE WHEN min(ts) = max(ts) THEN min(ts) END AS told_ts,
    CASE WHEN min(lower(status)) = max(lower(status)) THEN min(status) END AS told_status,
    CASE WHEN min(upper(currency)) = max(upper(currency)) THEN min(currency) END AS told_currency,
    CASE WHEN min(email) = max(email) THEN min(email) END AS told_email,
    CASE WHEN count(refunded) = 1 AND count(*) > 1 THEN min(refunded) END AS told_refund
FROM typed
WHERE order_id IS NOT NULL
GROUP BY file, order_id
