-- One row per record of the files, by their $numbers, that were read in an earlier run and lie at $paths.
INSERT INTO lines BY NAME
SELECT
    CAST($numbers[list_position($paths, path)] AS INTEGER) AS file,
    * EXCLUDE (path, part, line, "column", reason, text)
FROM read_parquet($paths, filename = 'path', union_by_name = true)
WHERE part = 'lines'
