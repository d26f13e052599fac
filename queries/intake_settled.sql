-- One row per record, with the fate and the status that it has for being repeated or taken back. For engines that
-- cannot change a table's rows.
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
    r.amount,
    r.email,
    CASE
        WHEN d.record IS NOT NULL THEN 'duplicate'
        WHEN m.record IS NULL THEN r.fate
        WHEN r.amount < 0 THEN 'cancellation'
        ELSE 'cancelled'
    END AS fate,
    CASE
        WHEN d.record IS NOT NULL THEN NULL
        WHEN m.record IS NULL THEN r.status
        WHEN r.amount < 0 THEN 'cancellation'
        ELSE 'cancelled'
    END AS status
FROM records AS r
LEFT JOIN repeated AS d ON d.record = r.record
LEFT JOIN matched AS m ON m.record = r.record
