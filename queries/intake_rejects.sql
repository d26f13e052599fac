-- One row per record that DuckDB could not split into the header's columns in the last scan of the files in text_files, with the
-- text that it returns. A record with several faults is one row. The column is that of the fault, by its name in $header. Byte
-- positions count from 0: where the text begins, and where the first and the last fault are.
CREATE OR REPLACE TEMP TABLE torn AS
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
    ltrim(coalesce(min(e.csv_line), ''), chr(13) || chr(10)) AS text,
    CAST(e.line_byte_position AS BIGINT) - 1 + strlen(coalesce(min(e.csv_line), '')) - strlen(text) AS begins,
    coalesce(CAST(min(e.byte_position) AS BIGINT) - 1, begins) AS first_fault,
    coalesce(CAST(max(e.byte_position) AS BIGINT) - 1, begins) AS last_fault
FROM reject_errors AS e
INNER JOIN reject_scans AS s ON s.scan_id = e.scan_id AND s.file_id = e.file_id
INNER JOIN text_files AS f ON f.path = s.file_path
GROUP BY f.file, e.line_byte_position, e.line
