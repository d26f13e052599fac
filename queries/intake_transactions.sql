-- One row per line of an export that belongs to a customer's history: sales and returns, and sales taken back in full
-- with what took them back, which count as behaviour, not as money. The amount of a sale is what is left of it after `refunded`,
-- the money given back by a column of its own.
CREATE VIEW transactions AS
SELECT
    customer_id,
    ts,
    order_id,
    product,
    description,
    category,
    quantity,
    amount,
    CASE WHEN status = 'sale' THEN refunded END AS refunded,
    email,
    status
FROM judged
WHERE status IS NOT NULL
