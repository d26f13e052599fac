-- One row of delivery: one message to one recipient; its Message-ID never changes.
CREATE TABLE delivery (
    number INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE,
    schedule TEXT NOT NULL,
    due TEXT NOT NULL,
    run_id TEXT,
    kind TEXT NOT NULL,  -- report, alerts, notice (to the recipients) or owner (to the schedule's owner)
    channel TEXT NOT NULL CHECK (channel IN ('email', 'webhook', 'folder')),
    recipient TEXT NOT NULL,
    body TEXT NOT NULL DEFAULT '',  -- JSON: what a notice says; a report is read from its run
    state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'held')),
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    next_at TEXT NOT NULL,
    finished_at TEXT,
    ambiguous INTEGER NOT NULL DEFAULT 0,  -- 1: a crash left open whether the server had taken it
    answer TEXT NOT NULL DEFAULT '',  -- the server's last answer, secrets removed
    sender TEXT NOT NULL DEFAULT '',  -- token of the process that sends it
    taken_at TEXT,  -- when its sending began
    handed INTEGER NOT NULL DEFAULT 0,  -- 1: all but the last word is said, the receiver may have it
    told INTEGER NOT NULL DEFAULT 0  -- what the owner knows: 1 that it is late, 2 that it failed
) STRICT;

CREATE INDEX delivery_due ON delivery (state, next_at);
