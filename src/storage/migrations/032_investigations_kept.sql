-- A request file is asked for once, however often it is found: which one it was.
alter table investigations add column request_key text unique;

-- What takes much room is forgotten a while after nobody needs it any more: its recording, and what its looks returned.
alter table investigations add column pruned_at timestamptz;
create index investigations_unpruned on investigations (ended_at) where pruned_at is null and ended_at is not null;
