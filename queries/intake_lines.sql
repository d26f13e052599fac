-- One row per record of an export with its fate: sale or return (used), or the first reason to set it aside; and with its
-- status, what it counts as for its customer. Parameters are the policies of [rules]. Other records, which may repeat it or
-- take it back, are considered later. Each word is cast where it stands, because casting the column afterwards would take as
-- long as everything else.
WITH judged AS (
    SELECT
        file,
        customer_id,
        ts,
        order_id,
        coalesce(product, description) AS product,
        description,
        category,
        quantity,
        currency,
        amount,
        CASE
            WHEN $drop_cancellations AND refunded IS NOT NULL THEN CAST(0 AS DECIMAL(18, 4))
            WHEN refunded > amount THEN greatest(amount, CAST(0 AS DECIMAL(18, 4)))
            ELSE refunded
        END AS refunded,
        email,
        CASE WHEN status IS NOT NULL THEN TRUE END AS has_status,
        CASE
            WHEN is_other THEN CAST('other_kind' AS fate)
            WHEN fault IS NOT NULL THEN CAST('unreadable' AS fate)
            WHEN customer_id IS NULL THEN CAST('no_customer' AS fate)
            WHEN ts IS NULL THEN CAST('no_date' AS fate)
            WHEN amount IS NULL THEN CAST('no_amount' AS fate)
            WHEN $drop_non_products AND regexp_full_match(coalesce(product, ''), $non_product) THEN CAST('non_product' AS fate)
            WHEN regexp_matches(coalesce(lower(status), ''), $cancelled) THEN CAST('cancelled_status' AS fate)
            WHEN $drop_negative_price AND unit_price < 0 AND NOT coalesce(quantity < 0 AND amount < 0, FALSE) THEN CAST('negative_price' AS fate)
            WHEN $drop_zero AND amount = 0 THEN CAST('zero_price' AS fate)
            WHEN refunded >= amount AND amount > 0 AND NOT $drop_cancellations THEN CAST('cancelled' AS fate)
            WHEN amount < 0 AND $drop_cancellations THEN CAST('cancellation' AS fate)
            WHEN amount < 0 THEN CAST('return' AS fate)
            WHEN refunded IS NULL AND regexp_matches(coalesce(lower(status), ''), $refunded)
                THEN CASE WHEN $drop_cancellations THEN CAST('cancelled_status' AS fate) ELSE CAST('refunded_status' AS fate) END
            ELSE CAST('sale' AS fate)
        END AS fate
    FROM typed
)

SELECT
    *,
    CASE
        WHEN fate IN ('sale', 'refunded_status') THEN CAST('sale' AS status)
        WHEN fate = 'return' THEN CAST('return' AS status)
        WHEN fate = 'cancelled' THEN CAST('cancelled' AS status)
        WHEN fate = 'cancelled_status' AND NOT $drop_cancellations THEN CAST('cancelled' AS status)
    END AS status
FROM judged
