-- One row per record, or rejected record (part tells), of files that were read in an earlier run: the packs at $paths hold
-- them, and $numbers has, for each pack and slot, the number that the file has in this run, NULL where it is not wanted.
SELECT * FROM (
    SELECT
        CAST($numbers[list_position($paths, path)][slot + 1] AS INTEGER) AS file,
        * EXCLUDE (path, slot)
    FROM read_parquet($paths, filename = 'path')
)
WHERE file IS NOT NULL
