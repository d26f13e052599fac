-- One row per record of an export, with what it counts as in the end. The amount of a sale is what is left of it after `refunded`,
-- the money given back by a column of its own; most exports have none, which is asked first and then for all rows at once.
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
