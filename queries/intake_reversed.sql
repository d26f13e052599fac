-- One row per record of an order that is marked as refunded and taken back by rows of their own as well, which then tell how much:
-- returns under its own number, or under numbers of their own that take no other sale back. A discount among the lines of another
-- order takes no order back.
INSERT INTO reversed
WITH marked AS (
    SELECT record, customer_id, order_id
    FROM records
    WHERE fate = 'refunded_status' AND record NOT IN (SELECT record FROM repeated)
),
backs AS (
    SELECT record, customer_id, order_id
    FROM records
    WHERE status = 'return'
        AND customer_id IN (SELECT customer_id FROM marked)
        AND record NOT IN (SELECT record FROM repeated)
),
apart AS (
    SELECT customer_id
    FROM backs
    WHERE record NOT IN (SELECT record FROM matched)
        AND (customer_id, order_id) NOT IN (
            SELECT customer_id, order_id
            FROM records
            WHERE status = 'sale' AND customer_id IN (SELECT customer_id FROM marked)
        )
)
SELECT record
FROM marked
WHERE (customer_id, order_id) IN (SELECT customer_id, order_id FROM backs)
    OR customer_id IN (SELECT customer_id FROM apart)
