-- One row per record of a sale that was taken back in full, and per record that took it back.
-- Within a customer, product, amount and number of pieces, sales are steps up and returns are steps down, as in
-- matching parentheses: a return takes back the latest earlier sale that still stands, which is the step up to the
-- same height just before it. Only combinations of customer, product and amount with a return are searched.
INSERT INTO settled
WITH matchable AS (
    SELECT
        record, file, customer_id, product, ts, amount < 0 AS is_back, abs(amount) AS size,
        coalesce(abs(quantity), 0) AS pieces
    FROM candidates
    WHERE status IN ('sale', 'return')
        AND amount <> 0
        AND record NOT IN (SELECT record FROM settled)
        AND (customer_id, coalesce(product, ''), abs(amount)) IN (
            SELECT customer_id, coalesce(product, ''), abs(amount) FROM candidates WHERE status = 'return'
        )
),
walk AS (
    SELECT
        *,
        sum(CASE WHEN is_back THEN -1 ELSE 1 END) OVER (
            PARTITION BY customer_id, product, size, pieces ORDER BY ts, is_back, file, record
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS height
    FROM matchable
),
steps AS (
    SELECT
        record,
        is_back,
        CASE WHEN is_back THEN 'cancellation' ELSE 'cancelled' END AS fate,
        lag(is_back) OVER step AS before,
        lead(is_back) OVER step AS after
    FROM walk
    WINDOW step AS (
        PARTITION BY customer_id, product, size, pieces, height + CASE WHEN is_back THEN 1 ELSE 0 END
        ORDER BY ts, is_back, file, record
    )
)
SELECT record, fate, fate AS status FROM steps
WHERE (is_back AND before = FALSE) OR (NOT is_back AND after = TRUE)
