-- One row per line of an export, as in transactions, with the pseudonym for the customer; an order number that was
-- made of customer and day, because the export has none, is made anew. Addresses go: their hash could be tried out.
CREATE OR REPLACE TABLE pseudonymous AS
SELECT t.* REPLACE (
    p.pseudonym AS customer_id,
    CASE
        WHEN t.order_id = t.customer_id || ' ' || CAST(CAST(t.ts AS DATE) AS VARCHAR)
            THEN p.pseudonym || ' ' || CAST(CAST(t.ts AS DATE) AS VARCHAR)
        ELSE t.order_id
    END AS order_id,
    CAST(NULL AS VARCHAR) AS email
)
FROM transactions AS t
INNER JOIN pseudonyms AS p ON p.customer_id = t.customer_id
