-- One row per rejected record of the files in kept_files that were read in an earlier run.
INSERT INTO rejected BY NAME
SELECT f.file, p.line, p.reason, p.text
FROM read_parquet($paths, filename = 'path') AS p
INNER JOIN kept_files AS f ON f.path = p.path
WHERE p.part = 'rejected'
