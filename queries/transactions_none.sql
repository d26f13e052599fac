-- The table `transactions` without rows; a row would be a line of an export that belongs to a customer. User-defined queries
-- are tried on it before an export is read.
create table transactions (
    customer_id varchar,
    ts timestamp,
    order_id varchar,
    product varchar,
    description varchar,
    category varchar,
    quantity decimal(18, 3),
    amount decimal(18, 4),
    email varchar,
    status varchar,
    refunded decimal(18, 4)
)
