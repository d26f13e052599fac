-- One row per record or rejected record of the exports at $slots of the pack at $pack, in a new pack: the new slot is the
-- position of the old one in $slots.
COPY (
    SELECT * REPLACE (CAST(list_position($slots, slot) - 1 AS INTEGER) AS slot)
    FROM read_parquet($pack)
    WHERE list_contains($slots, slot)
) TO $path (FORMAT parquet, COMPRESSION zstd, KV_METADATA {entries: $entries})
