-- One row per record of a sale that was taken back in full, and per record that took it back.
-- Within a customer, product, price and number of pieces, sales are steps up and cancellations steps
-- down; a cancellation takes back the latest earlier sale that still stands, which is the step up
-- to the same height just before it. Looked at only where a customer has something taken back.
INSERT INTO matched
WITH candidates AS (
    SELECT
        rowid AS record, file, line, customer_id, product, unit_price, ts, amount < 0 AS is_back,
        abs(amount) AS size, abs(quantity) AS pieces
    FROM lines
    WHERE fault IS NULL AND customer_id IS NOT NULL AND ts IS NOT NULL AND amount <> 0
        AND coalesce(unit_price, 0) >= 0
        AND rowid NOT IN (SELECT record FROM repeated)
        AND NOT regexp_matches(coalesce(lower(status), ''), $cancelled)
        AND customer_id IN (SELECT customer_id FROM lines WHERE amount < 0)
),
walk AS (
    SELECT
        *,
        sum(CASE WHEN is_back THEN -1 ELSE 1 END) OVER (
            PARTITION BY customer_id, product, unit_price, size, pieces ORDER BY ts, is_back, file, line
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS height
    FROM candidates
),
steps AS (
    SELECT
        record,
        is_back,
        lag(is_back) OVER step AS before,
        lead(is_back) OVER step AS after
    FROM walk
    WINDOW step AS (
        PARTITION BY customer_id, product, unit_price, size, pieces, height + CASE WHEN is_back THEN 1 ELSE 0 END
        ORDER BY ts, is_back, file, line
    )
)
SELECT record FROM steps
WHERE (is_back AND before = FALSE) OR (NOT is_back AND after = TRUE)
