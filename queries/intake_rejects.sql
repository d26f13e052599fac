-- One row per record that the reader could not cut into the header's columns, verbatim.
-- A record with several faults is one row. The column is where the reader stumbled, by its name in $header. Only the scan of the files in text_files that ran last.
INSERT INTO rejected BY NAME
SELECT
    f.file AS file,
    e.line AS line,
    coalesce(
        $header[
            CAST(substr(arg_min(e.column_name, row(CAST(e.error_type AS VARCHAR), e.column_idx)), 2) AS INTEGER) + 1
        ],
        'column ' || min(e.column_idx)
    ) AS "column",
    CASE min(CAST(e.error_type AS VARCHAR))
        WHEN 'MISSING COLUMNS' THEN 'fewer columns than the header'
        WHEN 'TOO MANY COLUMNS' THEN 'more columns than the header'
        WHEN 'UNQUOTED VALUE' THEN 'a quote that is not closed or has text behind it'
        WHEN 'LINE SIZE OVER MAXIMUM' THEN 'a line that is too long'
        WHEN 'INVALID ENCODING' THEN 'letters that are not in the encoding'
        ELSE 'not a record'
    END AS reason,
    coalesce(min(e.csv_line), '')
        || CASE WHEN strlen(min(e.csv_line)) > 9990 THEN ' (the reader gives no more than the first 10,000 bytes)' ELSE '' END AS text
FROM reject_errors AS e
INNER JOIN reject_scans AS s ON s.scan_id = e.scan_id AND s.file_id = e.file_id
INNER JOIN text_files AS f ON f.path = s.file_path
GROUP BY f.file, e.line_byte_position, e.line
