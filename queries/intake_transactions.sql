-- One row per line of an export that belongs to a customer's history: sales and returns, and sales taken back in full
-- with what took them back, which count as behaviour, not as money. `refunded` is NULL except on sales: a line taken back in
-- full has its amount for that.
CREATE OR REPLACE VIEW transactions AS
SELECT
    * EXCLUDE (file, fate, refunded),
    CASE WHEN status = 'sale' THEN refunded END AS refunded
FROM judged
WHERE status IS NOT NULL
