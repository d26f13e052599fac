-- Each verdict's alert: the run in which it began, empty for verdicts from before this column was kept.
ALTER TABLE verdict ADD COLUMN since TEXT NOT NULL DEFAULT '';
