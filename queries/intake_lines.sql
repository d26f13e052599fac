-- One row per record of an export with its fate: sale or return (used), or the reason it is set aside, the first that
-- holds; and with its status, what it counts as for its customer. Parameters are the policies of [rules]. What other
-- records do to it (repeat it, take it back) is not known yet.
WITH judged AS (
    SELECT
        file,
        customer_id,
        ts,
        coalesce(order_id, customer_id || ' ' || CAST(CAST(ts AS DATE) AS VARCHAR)) AS order_id,
        coalesce(product, description) AS product,
        description,
        category,
        quantity,
        currency,
        amount,
        email,
        CASE
            WHEN fault IS NOT NULL THEN 'unreadable'
            WHEN customer_id IS NULL THEN 'no_customer'
            WHEN ts IS NULL THEN 'no_date'
            WHEN amount IS NULL THEN 'no_amount'
            WHEN $drop_non_products AND regexp_full_match(coalesce(product, ''), $non_product) THEN 'non_product'
            WHEN regexp_matches(coalesce(lower(status), ''), $cancelled) THEN 'cancelled_status'
            WHEN $drop_negative_price AND unit_price < 0 THEN 'negative_price'
            WHEN $drop_zero AND amount = 0 THEN 'zero_price'
            WHEN amount < 0 AND $drop_cancellations THEN 'cancellation'
            WHEN amount < 0 THEN 'return'
            ELSE 'sale'
        END AS fate
    FROM typed
)

SELECT
    *,
    CASE
        WHEN fate IN ('sale', 'return') THEN fate
        WHEN fate = 'cancelled_status' AND NOT $drop_cancellations THEN 'cancelled'
    END AS status
FROM judged
