-- One row per order of an export: the values on those lines that have one, NULL where they contradict each other. The status is
-- that of the first line, as later ones may be cancelled individually. There is no row where an order's lines are more than an
-- hour apart, as its number was then used again. A refund is the order's if only one line has it, or if all of several lines with
-- different amounts repeat it.
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
    CASE WHEN min(customer_id) = max(customer_id) THEN min(customer_id) END AS order_customer,
    CASE WHEN min(ts) = max(ts) THEN min(ts) END AS order_ts,
    CASE WHEN min(lower(status)) = max(lower(status)) THEN min(CASE WHEN record = first_record THEN status END) END
        AS order_status,
    CASE WHEN min(upper(currency)) = max(upper(currency)) THEN min(currency) END AS order_currency,
    CASE WHEN min(email) = max(email) THEN min(email) END AS order_email,
    CASE
        WHEN count(*) = 1 THEN NULL
        WHEN count(refunded) = 1 THEN min(refunded)
        WHEN count(refunded) = count(*) AND min(refunded) = max(refunded) AND min(amount) < max(amount) THEN min(refunded)
    END AS order_refund
FROM numbered
GROUP BY file, order_id
HAVING max(ts) <= min(ts) + INTERVAL 1 HOUR
