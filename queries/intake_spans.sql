-- One row per file with dates: its first and last time, to find the files that can overlap.
SELECT file, min(ts) AS first, max(ts) AS last
FROM records
WHERE ts IS NOT NULL
GROUP BY file
ORDER BY file
