-- One row per key that occurs in any object of a JSON file.
SELECT DISTINCT unnest(json_keys(json)) AS key
FROM read_json_objects($path)
ORDER BY key
