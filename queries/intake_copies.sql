-- One row: how many used rows of orders with a number there are in every $every-th part, and how many of them repeat another one
-- of their file in everything that is known of it. Parts are made from the moment and the money. What is in one is found first,
-- because texts are dear to look at for all records.
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
