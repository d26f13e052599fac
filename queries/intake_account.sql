-- One row per fate: the number of records, and their money where it can be read.
SELECT fate, count(*) AS n, sum(amount) AS amount
FROM judged
GROUP BY fate
