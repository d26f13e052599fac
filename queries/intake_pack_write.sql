-- One row per record of the files $numbers, as in records, and per rejected record, distinguished by part; slot is the position
-- of the file's number in $numbers.
COPY (
    SELECT
        'lines' AS part,
        CAST(list_position($numbers, file) - 1 AS INTEGER) AS slot,
        * EXCLUDE (record, file)
    FROM records
    WHERE list_contains($numbers, file)
    UNION ALL BY NAME
    SELECT
        'rejected' AS part,
        CAST(list_position($numbers, file) - 1 AS INTEGER) AS slot,
        line,
        "column",
        reason,
        text
    FROM rejected
    WHERE list_contains($numbers, file)
) TO $path (FORMAT parquet, COMPRESSION zstd, KV_METADATA {entries: $entries})
