-- One row per record, with the fate and the status that it has for being repeated, taken back or marked as refunded (without
-- rows of their own that take it back it is cancelled, and $status then). For engines that cannot change a table's rows.
CREATE TABLE judged AS
SELECT
    r.file,
    r.customer_id,
    r.ts,
    r.order_id,
    r.product,
    r.description,
    r.category,
    r.quantity,
    CASE
        WHEN r.refunded < r.amount AND r.fate IN ('sale', 'refunded_status') AND d.record IS NULL AND m.record IS NULL
            THEN CAST(r.amount - r.refunded AS DECIMAL(18, 4))
        ELSE r.amount
    END AS amount,
    r.email,
    r.refunded,
    CASE
        WHEN d.record IS NOT NULL THEN 'duplicate'
        WHEN m.record IS NULL AND r.fate = 'refunded_status' AND v.record IS NULL THEN 'cancelled_status'
        WHEN m.record IS NULL AND r.fate = 'refunded_status' THEN 'sale'
        WHEN m.record IS NULL THEN r.fate
        WHEN r.amount < 0 THEN 'cancellation'
        ELSE 'cancelled'
    END AS fate,
    CASE
        WHEN d.record IS NOT NULL THEN NULL
        WHEN m.record IS NULL AND r.fate = 'refunded_status' AND v.record IS NULL THEN $status
        WHEN m.record IS NULL THEN r.status
        WHEN r.amount < 0 THEN 'cancellation'
        ELSE 'cancelled'
    END AS status
FROM records AS r
LEFT JOIN repeated AS d ON d.record = r.record
LEFT JOIN matched AS m ON m.record = r.record
LEFT JOIN reversed AS v ON v.record = r.record
