-- Each row of watch: the cron and the time zone that it looks after, so that times of other ones are not taken for missed;
-- empty for schedules from before this column was kept.
ALTER TABLE watch ADD COLUMN timing TEXT NOT NULL DEFAULT '';
