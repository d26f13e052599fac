-- One row per record that takes money off an order that stands.
INSERT INTO settled
SELECT record, 'discount' AS fate, 'discount' AS status FROM deductions WHERE stands = 1
