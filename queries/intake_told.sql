-- One row per order of an export: what its first line says of it. Many exports say there alone what holds for all lines. NULL where
-- lines contradict each other, and no row where an order's lines are of several days: its number was then given anew. Money given
-- back is the order's where one line alone says it, or where each of several lines with other money of their own repeats it.
WITH numbered AS (
    SELECT
        *,
        min(record) OVER (PARTITION BY file, order_id) AS first_record
    FROM typed
    WHERE order_id IS NOT NULL
)

SELECT
    file,
    order_id,
    CASE WHEN min(customer_id) = max(customer_id) THEN min(CASE WHEN record = first_record THEN customer_id END) END
        AS told_customer,
    CASE WHEN min(ts) = max(ts) THEN min(CASE WHEN record = first_record THEN ts END) END AS told_ts,
    CASE WHEN min(lower(status)) = max(lower(status)) THEN min(CASE WHEN record = first_record THEN status END) END
        AS told_status,
    CASE WHEN min(upper(currency)) = max(upper(currency)) THEN min(CASE WHEN record = first_record THEN currency END) END
        AS told_currency,
    CASE WHEN min(email) = max(email) THEN min(CASE WHEN record = first_record THEN email END) END AS told_email,
    CASE
        WHEN count(*) = 1 THEN NULL
        WHEN count(refunded) = 1 THEN min(refunded)
        WHEN count(refunded) = count(*) AND min(refunded) = max(refunded) AND min(amount) < max(amount) THEN min(refunded)
    END AS told_refund
FROM numbered
GROUP BY file, order_id
HAVING min(CAST(ts AS DATE)) = max(CAST(ts AS DATE))
