-- One row per record of one file as in lines, per record of it that was rejected, and per record of its
-- beginning as text ($sample stands for the raw table), told apart by part.
COPY (
    SELECT 'lines' AS part, * EXCLUDE (file) FROM lines WHERE file = $file
    UNION ALL BY NAME
    SELECT 'rejected' AS part, line, reason, text FROM rejected WHERE file = $file
    UNION ALL BY NAME
    (SELECT 'sample' AS part, * FROM ($sample WHERE file = $file ORDER BY line LIMIT $n_rows))
) TO $path (FORMAT parquet, COMPRESSION zstd, KV_METADATA {entry: $entry})
