-- One row per record of the exports with its fate: sale or return (used), or the reason it is set aside.
-- The first reason that holds counts. Parameters are the policies of [rules].
CREATE TABLE judged AS
SELECT
    l.*,
    CASE
        WHEN l.fault IS NOT NULL THEN 'unreadable'
        WHEN r.record IS NOT NULL THEN 'duplicate'
        WHEN l.customer_id IS NULL THEN 'no_customer'
        WHEN l.ts IS NULL THEN 'no_date'
        WHEN l.amount IS NULL THEN 'no_amount'
        WHEN $drop_non_products AND regexp_full_match(coalesce(l.product, ''), $non_product) THEN 'non_product'
        WHEN regexp_matches(coalesce(lower(l.status), ''), $cancelled) THEN 'cancelled_status'
        WHEN $drop_negative_price AND l.unit_price < 0 THEN 'negative_price'
        WHEN $drop_zero AND l.amount = 0 THEN 'zero_price'
        WHEN m.record IS NOT NULL AND l.amount < 0 THEN 'cancellation'
        WHEN m.record IS NOT NULL THEN 'cancelled'
        WHEN l.amount < 0 AND $drop_cancellations THEN 'cancellation'
        WHEN l.amount < 0 THEN 'return'
        ELSE 'sale'
    END AS fate
FROM lines AS l
LEFT JOIN repeated AS r ON r.record = l.rowid
LEFT JOIN matched AS m ON m.record = l.rowid
