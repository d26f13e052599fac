-- One row of slot: a schedule's due time, claimed before any work begins; the key makes it unique.
CREATE TABLE slot (
    schedule TEXT NOT NULL,
    due TEXT NOT NULL,  -- UTC, ISO 8601
    state TEXT NOT NULL CHECK (state IN ('claimed', 'done', 'failed', 'skipped')),
    attempt INTEGER NOT NULL DEFAULT 1,
    owner TEXT NOT NULL DEFAULT '',  -- token of the service that holds the claim
    claimed_at TEXT NOT NULL,
    finished_at TEXT,
    run_id TEXT,
    cause TEXT NOT NULL DEFAULT '',  -- why it failed or was skipped, in words
    PRIMARY KEY (schedule, due)
) STRICT;
