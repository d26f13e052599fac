-- One row per customer of whom orders are marked as refunded and taken back by rows of their own as well, by half of their money at
-- the least, as postage may stay: a small discount takes no order back.
INSERT INTO reversed
SELECT customer_id
FROM records
WHERE status = 'return' OR fate = 'refunded_status'
GROUP BY customer_id
HAVING sum(CASE WHEN fate = 'refunded_status' THEN amount END) <= sum(CASE WHEN status = 'return' THEN -2 * amount END)
