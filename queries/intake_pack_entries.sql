-- One row per pack of the cache at $paths: the description of its exports, as JSON.
SELECT
    file_name,
    decode(value)
FROM parquet_kv_metadata($paths)
WHERE key = 'entries'
