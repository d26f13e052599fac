-- One row per line of an export that belongs to a customer's history: sales and returns, and sales taken back in full
-- with what took them back, which count as behaviour, not as money. `refunded` is told of sales alone: what was given back
-- of a line taken back in full is its amount.
CREATE OR REPLACE VIEW transactions AS
SELECT
    * EXCLUDE (file, fate, refunded),
    CASE WHEN status = 'sale' THEN refunded END AS refunded
FROM judged
WHERE status IS NOT NULL
