-- One row per record or rejected record (according to part) of files that were read in an earlier run, from the packs at $paths.
-- $numbers has, for each pack and slot, the file's number in this run, NULL where it is not wanted.
SELECT * FROM (
    SELECT
        CAST($numbers[list_position($paths, path)][slot + 1] AS INTEGER) AS file,
        * EXCLUDE (path, slot)
    FROM read_parquet($paths, filename = 'path')
)
WHERE file IS NOT NULL
