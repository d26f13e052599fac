-- One row: the number of used rows with an order number in a sample of one in $every, and how many of them equal another row of
-- their file in every column. Rows are sampled by their time and amount, which come first because comparing texts of all records
-- is slow.
WITH part AS (
    SELECT record
    FROM records
    WHERE status IN ('sale', 'return', 'discount')
        AND (
            date_diff('minute', CAST('1970-01-01' AS TIMESTAMP), ts) + CAST(CAST(amount AS DECIMAL(22, 4)) * 100 AS BIGINT)
        ) % $every = 0
),
alike AS (
    SELECT count(*) AS n
    FROM records
    WHERE record IN (SELECT record FROM part)
        AND order_id IS NOT NULL
    GROUP BY file, ts, customer_id, order_id, product, quantity, amount
)
SELECT coalesce(sum(n), 0) AS n_rows, coalesce(sum(n - 1), 0) AS n_copies FROM alike
