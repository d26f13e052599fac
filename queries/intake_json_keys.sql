-- One row per key that any object of a JSON file has, however late it first appears.
SELECT DISTINCT unnest(json_keys(json)) AS key
FROM read_json_objects($path)
ORDER BY key
