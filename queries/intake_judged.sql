-- One row per record of an export, with its final fate and status. The amount of a sale is net of `refunded`, the money given back
-- by a column of its own. `refunded IS NOT NULL` comes first, because it is decided for all rows at once in most exports, which have
-- no such column.
CREATE OR REPLACE VIEW judged AS
SELECT
    file,
    customer_id,
    ts,
    order_id,
    product,
    description,
    category,
    quantity,
    CASE WHEN refunded IS NOT NULL AND status = 'sale' THEN CAST(amount - refunded AS DECIMAL(18, 4)) ELSE amount END AS amount,
    refunded,
    email,
    fate,
    status
FROM records
