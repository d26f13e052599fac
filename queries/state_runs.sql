-- One row of acceptance: a model that became the archive's, newest last. One row of verdict: what somebody said of an alert.
-- One row of repair: a damaged state that was set aside, and what took its place.
CREATE TABLE acceptance (
    number INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    model TEXT NOT NULL CHECK (model IN ('model', 'challenger')),  -- which file of the run's folder
    accepted_at TEXT NOT NULL  -- UTC
) STRICT;

CREATE TABLE verdict (
    number INTEGER PRIMARY KEY,
    customer_id TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('expected', 'act')),
    said_at TEXT NOT NULL,  -- UTC
    until TEXT NOT NULL,  -- the last day on which the customer's alerts are held back
    note TEXT NOT NULL DEFAULT '',
    since TEXT NOT NULL DEFAULT ''  -- the run in which the alert began
) STRICT;

CREATE TABLE repair (
    number INTEGER PRIMARY KEY,
    cause TEXT NOT NULL,  -- what was damaged and what took its place, in words
    told INTEGER NOT NULL DEFAULT 0  -- 1: the owners were told
) STRICT;
