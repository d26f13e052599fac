-- One row: how many used rows of every $every-th minute there are, and how many of them repeat another one of their file in
-- everything that is known of it.
WITH alike AS (
    SELECT count(*) AS n
    FROM judged
    WHERE status IN ('sale', 'return')
        AND date_diff('minute', CAST('1970-01-01' AS TIMESTAMP), ts) % $every = 0
    GROUP BY file, ts, customer_id, order_id, product, quantity, amount
)
SELECT coalesce(sum(n), 0) AS n_rows, coalesce(sum(n - 1), 0) AS n_copies FROM alike
