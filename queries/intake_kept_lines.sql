-- One row per record of the files in kept_files that were read in an earlier run.
INSERT INTO lines BY NAME
SELECT f.file, p.* EXCLUDE (path)
FROM (
    SELECT
        path, line, customer_id, ts, order_id, product, description, category, quantity, unit_price, amount, status,
        currency, email, fault
    FROM read_parquet($paths, filename = 'path')
    WHERE part = 'lines'
) AS p
INNER JOIN kept_files AS f ON f.path = p.path
