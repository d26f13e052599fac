-- One row per customer with an e-mail address: the hash of the latest one.
SELECT
    customer_id,
    email
FROM (
    SELECT
        customer_id,
        email,
        row_number() OVER (PARTITION BY customer_id ORDER BY ts DESC, email) AS place
    FROM transactions
    WHERE email IS NOT NULL
) AS ranked
WHERE place = 1
ORDER BY customer_id
