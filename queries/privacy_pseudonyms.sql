-- One row per customer: the id in the export and its pseudonym, the first 80 bits of HMAC-SHA256 (RFC 2104)
-- after a letter, so that no spreadsheet takes it for a number. $inner and $outer are the padded keys.
CREATE OR REPLACE TEMP TABLE pseudonyms AS
SELECT
    customer_id,
    'p' || left(sha256($outer || unhex(sha256($inner || encode(customer_id)))), 20) AS pseudonym
FROM (SELECT DISTINCT customer_id FROM transactions)
