-- One row per record that a later file repeats: the n-th copy of a record within its file is a duplicate if a later file, which
-- knows the order's newer state, has an n-th copy too. Repetitions within a file stay. Only the span that several files cover,
-- $first to $last, is searched.
INSERT INTO settled
WITH copies AS (
    SELECT
        record,
        file,
        ts, customer_id, order_id, product, quantity, amount,
        row_number() OVER (
            PARTITION BY file, ts, customer_id, order_id, product, quantity, amount ORDER BY record
        ) AS copy
    FROM records
    WHERE ts BETWEEN $first AND $last AND fate NOT IN ('unreadable', 'other_kind', 'later')
),
ranked AS (
    SELECT
        record,
        row_number() OVER (
            PARTITION BY ts, customer_id, order_id, product, quantity, amount, copy ORDER BY file DESC
        ) AS place
    FROM copies
)
SELECT record, 'duplicate' AS fate, NULL AS status FROM ranked WHERE place > 1
