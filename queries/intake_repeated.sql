-- One row per record that another file holds as well: the n-th copy of a record within its file is repeated where a file
-- behind it, which knows what became of the order since, has an n-th copy too. What a file repeats within itself stays.
-- Only moments that several files cover ($first to $last) are looked at.
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
