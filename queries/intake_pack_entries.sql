-- One row per pack of the cache at $paths: what it says of the exports that it holds, as JSON.
SELECT
    file_name,
    decode(value)
FROM parquet_kv_metadata($paths)
WHERE key = 'entries'
