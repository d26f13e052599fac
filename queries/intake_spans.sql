-- One row per file that holds dates: its first and last moment, to see which files can overlap at all.
SELECT file, min(ts) AS first, max(ts) AS last
FROM records
WHERE ts IS NOT NULL
GROUP BY file
ORDER BY file
