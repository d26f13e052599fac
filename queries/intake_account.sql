-- One row per fate: how many records share it, and their money where it can be read.
SELECT fate, count(*) AS n, sum(amount) AS amount
FROM judged
GROUP BY fate
