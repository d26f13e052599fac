-- One row per record, or rejected record (part tells), of files that were read in an earlier run: the pieces at $paths hold
-- them, and $numbers has, for each piece and place, the number that the file has in this run, NULL where it is not wanted.
SELECT * FROM (
    SELECT
        CAST($numbers[list_position($paths, path)][place + 1] AS INTEGER) AS file,
        * EXCLUDE (path, place)
    FROM read_parquet($paths, filename = 'path')
)
WHERE file IS NOT NULL
