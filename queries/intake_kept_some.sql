-- One row per record, or rejected record, of the exports at $places of the piece of the cache at $piece, in a new piece: the
-- place is where the old one stands among $places.
COPY (
    SELECT * REPLACE (CAST(list_position($places, place) - 1 AS INTEGER) AS place)
    FROM read_parquet($piece)
    WHERE list_contains($places, place)
) TO $path (FORMAT parquet, COMPRESSION zstd, KV_METADATA {entries: $entries})
