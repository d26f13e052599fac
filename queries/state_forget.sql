-- One row of heard: the due time of the last report that a schedule's recipients got, of the first one made where they got
-- none, and of its last one at all. Removed are the rows of slot closed before ?1 that lie before the report they got, and
-- those behind it that brought nothing to tell. Owners like ?2 made a report for somebody else.
WITH heard AS (
    SELECT
        schedule,
        max(CASE WHEN state = 'done' AND cause = '' AND owner NOT LIKE ?2 THEN due END) AS sent,
        min(CASE WHEN state = 'done' AND owner NOT LIKE ?2 THEN due END) AS made,
        max(due) AS latest
    FROM slot
    GROUP BY schedule
)
DELETE FROM slot
WHERE
    state IN ('done', 'failed', 'skipped')
    AND finished_at < ?1
    AND EXISTS (
        SELECT 1
        FROM heard
        WHERE
            heard.schedule = slot.schedule
            AND slot.due < heard.latest
            AND (slot.due < heard.sent OR (slot.state = 'done' AND slot.due > coalesce(heard.sent, heard.made)))
    )
