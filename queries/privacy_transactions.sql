-- One row per line of an export, as in transactions, with the customer's pseudonym. Addresses are removed, as their hashes could
-- be guessed.
CREATE OR REPLACE TABLE pseudonymous AS
SELECT t.* REPLACE (p.pseudonym AS customer_id, CAST(NULL AS VARCHAR) AS email)
FROM transactions AS t
INNER JOIN pseudonyms AS p ON p.customer_id = t.customer_id
