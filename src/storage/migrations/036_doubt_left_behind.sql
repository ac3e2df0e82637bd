-- A call in doubt that was given up, made once more, or left behind by a later round is waited for no longer. Until now this was
-- not kept on record, and each of them would hold its incident and its targets for good.
update effects e set finished_at = coalesce(e.started_at, watch_now())
from plans p join incidents i on i.id = p.incident_id
where p.id = e.plan_id and e.status = 'in_doubt' and e.finished_at is null
  and (i.outcome = 'abandoned' or p.round < i.round or exists (
    select from effects later
    where later.plan_id = e.plan_id and later.action = e.action and later.attempt > e.attempt and later.started_at is not null));
