-- One row per record of one file as in lines, and per record of it that was rejected, told apart by part.
COPY (
    SELECT 'lines' AS part, * EXCLUDE (file) FROM lines WHERE file = $file
    UNION ALL BY NAME
    SELECT 'rejected' AS part, line, "column", reason, text FROM rejected WHERE file = $file
) TO $path (FORMAT parquet, COMPRESSION zstd, KV_METADATA {entry: $entry})
