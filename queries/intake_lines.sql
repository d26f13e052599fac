-- One row per record of an export, typed, whatever becomes of it. `line` is its line in the file,
-- `fault` the reason why it cannot be read (NULL where it can). Money is exact.
CREATE TABLE lines (
    file INTEGER,
    line BIGINT,
    customer_id VARCHAR,
    ts TIMESTAMP,
    order_id VARCHAR,
    product VARCHAR,
    description VARCHAR,
    category VARCHAR,
    quantity DECIMAL(18, 3),
    unit_price DECIMAL(18, 6),
    amount DECIMAL(18, 4),
    status VARCHAR,
    currency VARCHAR,
    email VARCHAR,
    fault VARCHAR
)
