-- What the service keeps since version 2. One row of repair: a damaged state that was set aside, and what took its place.
-- A row of slot that was skipped stands for n_due due times, the last of them at `due`.
ALTER TABLE slot ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;  -- 1: its work is under way, or was when its service died
ALTER TABLE slot ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;  -- how often its work was cut short; no failures
ALTER TABLE slot ADD COLUMN n_due INTEGER NOT NULL DEFAULT 1;
ALTER TABLE delivery ADD COLUMN sender TEXT NOT NULL DEFAULT '';  -- token of the process that sends it
ALTER TABLE delivery ADD COLUMN taken_at TEXT;  -- when its sending began
ALTER TABLE delivery ADD COLUMN told INTEGER NOT NULL DEFAULT 0;  -- what the owner knows: 1 that it is late, 2 that it failed

UPDATE delivery SET told = 2 WHERE state = 'failed';

CREATE TABLE repair (
    number INTEGER PRIMARY KEY,
    cause TEXT NOT NULL,  -- what was damaged and what took its place, in words
    told INTEGER NOT NULL DEFAULT 0  -- 1: the owners were told
) STRICT;
