-- One row of slot: a schedule's due time, claimed before any work begins; the key makes it unique.
-- A row of slot that was skipped stands for n_due due times, the last of them at `due`.
-- One row of watch: since when a schedule is looked after, so that a time missed before its first slot is known.
CREATE TABLE slot (
    schedule TEXT NOT NULL,
    due TEXT NOT NULL,  -- UTC, ISO 8601
    state TEXT NOT NULL CHECK (state IN ('claimed', 'waiting', 'done', 'failed', 'skipped')),
    attempt INTEGER NOT NULL DEFAULT 0,  -- how often its work was begun
    owner TEXT NOT NULL DEFAULT '',  -- token of the service that holds the claim
    claimed_at TEXT NOT NULL,
    next_at TEXT,  -- when a waiting slot is tried again
    finished_at TEXT,
    run_id TEXT,
    cause TEXT NOT NULL DEFAULT '',  -- why it failed, waits or was skipped, or why nothing was sent, in words
    begun INTEGER NOT NULL DEFAULT 0,  -- 1: its work is under way, or was when its service died
    crashes INTEGER NOT NULL DEFAULT 0,  -- how often its work was cut short; no failures
    n_due INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (schedule, due)
) STRICT;

CREATE TABLE watch (
    schedule TEXT PRIMARY KEY,
    since TEXT NOT NULL,  -- UTC
    failing INTEGER NOT NULL DEFAULT 0,  -- 1: the owner was told of a failure and not yet of the recovery
    told_at TEXT,  -- when the owner was last told
    timing TEXT NOT NULL  -- the cron and the time zone that are looked after: times of other ones are not taken for missed
) STRICT;
