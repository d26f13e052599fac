-- One row per record, or rejected record, of the exports at $slots of the pack of the cache at $pack, in a new pack: the
-- slot is where the old one stands among $slots.
COPY (
    SELECT * REPLACE (CAST(list_position($slots, slot) - 1 AS INTEGER) AS slot)
    FROM read_parquet($pack)
    WHERE list_contains($slots, slot)
) TO $path (FORMAT parquet, COMPRESSION zstd, KV_METADATA {entries: $entries})
